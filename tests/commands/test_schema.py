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
