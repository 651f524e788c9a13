import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import commands.schema
from commands import build_cli
from schema.build import print_sdl


def test_schema_prints_the_sdl() -> None:
    result = CliRunner().invoke(build_cli(), ["schema"])
    assert result.exit_code == 0
    assert result.stdout == print_sdl()


def test_schema_check_passes_on_the_committed_file() -> None:
    assert CliRunner().invoke(build_cli(), ["schema", "--check"]).exit_code == 0


@pytest.mark.parametrize("committed", ["type Query { a: Int }\n", None])
def test_schema_check_of_a_stale_or_missing_file_fails(
    committed: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "schema.graphql"
    if committed is not None:
        file.write_text(committed)
    monkeypatch.setattr(commands.schema, "COMMITTED", file)
    result = CliRunner().invoke(build_cli(), ["schema", "--check"])
    assert result.exit_code == 1
    assert "server.py schema > schema.graphql" in result.stderr


RELEASED = re.sub(r"(type Project [^{]*\{\n)", r"\1  oldField: Int\n", print_sdl())


@pytest.mark.parametrize(
    ("changelog", "status"),
    [
        ("## Unreleased\n\n### Breaking\n\n- `Project.oldField` is gone: it was always null.\n", 0),
        (
            "## Unreleased\n\n### Added\n\n- x\n\n### Breaking\n\n- x\n- `Project.oldField`\n\n### Fixed\n\n- y\n",
            0,
        ),
        ("## Unreleased\n\n### Breaking\n\n- Project.oldField\n", 1),
        ("## Unreleased\n\n### Breaking\n\n- `Project`\n\n### Fixed\n\n- `Project.oldField`\n", 1),
        ("## Unreleased\n\n### Added\n\n- x\n\n## 0.1.0\n\n### Breaking\n\n- `Project.oldField`\n", 1),
        ("", 1),
    ],
)
def test_schema_check_of_a_breaking_change_passes_only_when_the_changelog_names_it(
    changelog: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "oldField" in RELEASED
    released, log = tmp_path / "released.graphql", tmp_path / "CHANGELOG.md"
    released.write_text(RELEASED)
    log.write_text(changelog)
    monkeypatch.setattr(commands.schema, "RELEASED", released)
    monkeypatch.setattr(commands.schema, "CHANGELOG", log)
    result = CliRunner().invoke(build_cli(), ["schema", "--check"])
    assert result.exit_code == status, result.stderr
    if status:
        assert "`Project.oldField`: Field Project.oldField was removed." in result.stderr
        assert "CHANGELOG.md" in result.stderr
