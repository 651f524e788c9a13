"""The direction of imports: a layer may import the layers below it, but none above."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("server", "commands", "asgi", "schema", "resolvers", "permissions", "datasource", "telemetry")
"""From the top downwards."""
FOR_ALL = ("errors", "settings")
"""Modules that every layer may import, and that import no layer."""


def modules_of(name: str, root: Path) -> list[Path]:
    """The files of a package, or the one file of a module."""
    package, module = root / name, root / f"{name}.py"
    return sorted(package.rglob("*.py")) if package.is_dir() else [module] * module.is_file()


def imported(file: Path, root: Path) -> Iterator[tuple[int, str]]:
    """The line and top-level name of every import, including imports in functions and for type checkers."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, name) for name in _origins(node, file.relative_to(root)))


def _origins(node: ast.ImportFrom, file: Path) -> list[str]:
    if not node.level:
        return [(node.module or "").partition(".")[0]]
    base = file.parts[: -node.level]
    path = (*base, *(node.module or "").split(".")) if node.module else base
    return [path[0]] if path else [alias.name for alias in node.names]


def violations(root: Path) -> list[str]:
    """Every upward import, as "file:line imports name"."""
    found = []
    for name in (*LAYERS, *FOR_ALL):
        above = set(LAYERS[: LAYERS.index(name)]) if name in LAYERS else {*LAYERS, *FOR_ALL} - {name}
        for file in modules_of(name, root):
            found += [
                f"{file.relative_to(root).as_posix()}:{line} imports {origin}"
                for line, origin in imported(file, root)
                if origin in above
            ]
    return found


def test_imports_only_go_downwards() -> None:
    assert violations(ROOT) == []


def test_every_layer_has_files() -> None:
    for name in (*LAYERS, *FOR_ALL):
        assert modules_of(name, ROOT), f"{name} does not exist"


def test_every_shipped_package_has_a_layer() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    shipped = {path.removesuffix(".py") for path in build["targets"]["wheel"]["only-include"] if "/" not in path}
    assert shipped == {*LAYERS, *FOR_ALL}


@pytest.mark.parametrize(
    ("file", "source", "found"),
    [
        ("datasource/rows.py", "import resolvers.trends.query", "datasource/rows.py:1 imports resolvers"),
        ("datasource/deep/rows.py", "from schema import build", "datasource/deep/rows.py:1 imports schema"),
        ("datasource/rows.py", "from permissions.scopes import X", "datasource/rows.py:1 imports permissions"),
        ("permissions/a.py", "import os\nfrom resolvers.context import C", "permissions/a.py:2 imports resolvers"),
        ("permissions/a.py", "def f():\n    import schema", "permissions/a.py:2 imports schema"),
        ("resolvers/a.py", "import errors, schema.build as b", "resolvers/a.py:1 imports schema"),
        (
            "resolvers/a.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from schema.query import Query",
            "resolvers/a.py:3 imports schema",
        ),
        ("resolvers/a/b.py", "from ...schema import build", "resolvers/a/b.py:1 imports schema"),
        ("resolvers/a.py", "from .. import schema", "resolvers/a.py:1 imports schema"),
        ("schema/a.py", "from commands import key", "schema/a.py:1 imports commands"),
        ("schema/a.py", "import server", "schema/a.py:1 imports server"),
        ("asgi/a.py", "import commands.serve", "asgi/a.py:1 imports commands"),
        ("commands/a.py", "from server import main", "commands/a.py:1 imports server"),
        ("errors.py", "import datasource", "errors.py:1 imports datasource"),
        ("settings.py", "from errors import GatewayError", "settings.py:1 imports errors"),
    ],
)
def test_upward_import_is_found(tmp_path: Path, file: str, source: str, found: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(source, encoding="utf-8")
    assert violations(tmp_path) == [found]


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("server.py", "import commands, asgi.app, schema, resolvers, permissions, datasource, errors, settings"),
        ("commands/a.py", "from asgi.app import create_app\nfrom datasource.events import schema"),
        ("schema/a.py", "from resolvers.trends import query\nfrom . import build\nfrom .build import x"),
        (
            "resolvers/a/b.py",
            "from ..context import c\nfrom .. import context\nfrom resolvers import schema_of_rows",
        ),
        ("permissions/a.py", "from datasource.metadata import keys\nimport errors"),
        ("datasource/a.py", "from datasource.events import schema\nimport settings\nimport pyarrow"),
        ("errors.py", "import enum"),
        ("tests/a.py", "import server"),
    ],
)
def test_downward_import_is_allowed(tmp_path: Path, file: str, source: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(source, encoding="utf-8")
    assert violations(tmp_path) == []
