"""Every regular expression of the code takes linear time: clients choose the texts that they read."""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.ambiguity import find_ambiguity

ROOT = Path(__file__).parents[1]
FOREIGN = {".venv", "tests", "build", "node_modules"}
SOURCES = sorted(path for path in ROOT.rglob("*.py") if not FOREIGN & {*path.relative_to(ROOT).parts})
TEXTS = {path: path.read_text(encoding="utf-8") for path in SOURCES}
ANCHORED = {"match", "fullmatch"}
SEARCHING = {"search", "sub", "subn", "split", "finditer", "findall"}
BUILT: dict[str, str] = {
    # Patterns that are put together while the process runs, with what each looks like.
    "asgi/middleware/telemetry.py": "/api/projects/[^/]+/insights/trend/?",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A pattern, where it is, and whether texts are searched for it."""

    place: str
    pattern: str | bytes
    flags: int
    is_searched: bool


def is_call_of_re(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=name)):
            return name in {"compile", *ANCHORED, *SEARCHING}
    return False


def is_searched(name: str, path: Path) -> bool:
    """Whether a compiled pattern is searched for, in its module or, if it is public, in any."""
    texts = [TEXTS[path]] if name.startswith("_") else TEXTS.values()
    calls = {call for text in texts for call in re.findall(rf"\b{name}\.([a-z]+)\(", text)}
    assert calls <= ANCHORED | SEARCHING | {"append"}
    return bool(calls & SEARCHING)


def find_patterns(path: Path) -> Iterator[Found]:
    relative = path.relative_to(ROOT)
    tree = ast.parse(TEXTS[path])
    named: dict[ast.AST, str] = {}
    for statement in tree.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                named[value] = name
    for node in ast.walk(tree):
        if not is_call_of_re(node):
            continue
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Attribute)
        place = f"{relative}:{node.lineno}"
        if node in named:
            module = ".".join(relative.with_suffix("").parts)
            compiled = getattr(importlib.import_module(module), named[node])
            yield Found(place, compiled.pattern, compiled.flags, is_searched(named[node], path))
        elif isinstance(node.args[0], ast.Constant):
            yield Found(place, str(node.args[0].value), 0, node.func.attr in SEARCHING)
        else:
            yield Found(place, BUILT[str(relative)], 0, node.func.attr in SEARCHING)


PATTERNS = [found for path in SOURCES for found in find_patterns(path)]


def test_patterns_are_found() -> None:
    assert len(PATTERNS) > 40
    assert any(found.is_searched for found in PATTERNS)


@pytest.mark.parametrize("found", PATTERNS, ids=[found.place for found in PATTERNS])
def test_pattern_takes_linear_time(found: Found) -> None:
    problem = find_ambiguity(found.pattern, found.flags, is_searched=found.is_searched)
    assert problem is None, f"{found.pattern!r}: {problem}"


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a*)*b",
        r"(a|a)*b",
        r"(a|ab|b)*c",
        r"(\d+)+x",
        r"\d+\.?\d*",
        r"\s*,?\s*x",
        r".*x.*y",
        r"[a-z]+\w+=",
        r"(\w{1,3})*;",
    ],
)
def test_pattern_that_backtracks_is_found(pattern: str) -> None:
    assert find_ambiguity(pattern) is not None


@pytest.mark.parametrize("pattern", [r"\s+$", r"\w+@", r"[^,]*;"])
def test_search_that_starts_again_at_every_character_is_found(pattern: str) -> None:
    assert find_ambiguity(pattern) is None
    assert find_ambiguity(pattern, is_searched=True) is not None


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a|b)*c",
        r"\d+(\.\d*)?",
        r"(\d{1,3},)*x",
        r"[A-Z][a-z]*( [A-Z][a-z]*)*",
        r"\bnow\b",
        r"[0-9a-f]{64}",
        r"\d+",
    ],
)
def test_linear_pattern_is_accepted(pattern: str) -> None:
    assert find_ambiguity(pattern) is None
