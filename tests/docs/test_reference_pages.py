"""Every name on the reference pages exists."""

import re
from pathlib import Path

from resolvers.trends.hogql.aggregates import AGGREGATE_NAMES
from resolvers.trends.hogql.translate import FUNCTIONS

ROOT = Path(__file__).parents[2]


def test_every_function_of_the_hogql_page_exists() -> None:
    table = (ROOT / "docs" / "hogql.md").read_text().split("## Functions")[1]
    named = {name.lower() for code in re.findall(r"`([^`]+)`", table) for name in re.findall(r"[A-Za-z]\w+", code)}
    words = {"ornull", "orzero"}
    assert len(named) > 100
    assert named - words - {name.lower() for name in (*FUNCTIONS, *AGGREGATE_NAMES)} == set()


def test_every_name_of_the_cohorts_page_is_in_the_schema() -> None:
    sdl = (ROOT / "schema.graphql").read_text()
    page = (ROOT / "docs" / "cohorts.md").read_text()
    named = {name for name in re.findall(r"`(\w+)`", page) if name != "seqTime"}
    assert len(named) > 20
    assert {name for name in named if not re.search(rf"\b{name}\b", sdl)} == set()


def test_every_file_of_the_architecture_page_exists() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    modules = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("*/**/*.py") if ".venv" not in path.parts}
    modules |= {path.name for path in ROOT.glob("*.py")}
    named = set(re.findall(r"[\w/.]*\w+\.py\b", page))
    assert len(named) > 60
    assert {name for name in named if not any(f"/{module}".endswith(f"/{name}") for module in modules)} == set()
    folders = {name for name in re.findall(r"`([a-z_/]+)/`", page) if not (ROOT / name).is_dir()}
    assert folders == set()
