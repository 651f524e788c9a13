"""Messages of errors are literal templates whose values are keywords: front ends spell the names in them only."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path
    for path in ROOT.rglob("*.py")
    if path.relative_to(ROOT).parts[0] not in {".venv", "tests", "build"}
    and path not in {ROOT / "errors.py", ROOT / "resolvers/trends/hogql/errors.py"}
)
CODED = {"GatewayError", "LimitExceeded"}
"""Errors whose template follows their code."""
TEMPLATED = {
    *CODED,
    "BadUserInput",
    "InputTooLarge",
    "NotFound",
    "NotAvailable",
    "HogQLError",
    "Message",
    "reworded",
}
RESERVED = {"hint", "details", "path"}
IN_DETAILS = {"limit", "actual", "unit"}
_FIELD = re.compile(r"\{([a-z_]\w*)(?:![rs])?(?::[^{} ][^{}]*)?\}")


def _templated_calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call, int]]:
    """Every call that takes a template, with the template's index: of errors, and of functions that build them."""
    indexes = {name: 1 if name in CODED else 0 for name in TEMPLATED}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name != "__init__":
            names = [argument.arg for argument in node.args.args if argument.arg != "self"]
            if "template" in names:
                indexes[node.name] = names.index("template")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name) if name in indexes and node.args:
                    yield name, node, indexes[name]


def _is_template(node: ast.expr | None) -> bool:
    match node:
        case (
            ast.Constant(value=str()) | ast.Name(id="template" | "message") | ast.Call(func=ast.Name(id="Message"))
        ):
            return True
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)):
            return name.isupper()  # a constant of the module, or a table of templates
        case ast.Attribute(attr="template"):
            return True
        case ast.IfExp(body=body, orelse=orelse):
            return _is_template(body) and _is_template(orelse)
        case _:
            return False


def _problems(source: str) -> list[str]:
    tree, problems = ast.parse(source), []
    variables = {"template"}
    for name, call, index in _templated_calls(tree):
        template = call.args[index] if len(call.args) > index else None
        if isinstance(template, ast.Name):
            variables.add(template.id)
        if not _is_template(template):
            problems.append(f"{call.lineno}: the template of {name} is not a literal")
            continue
        hints = [keyword.value for keyword in call.keywords if keyword.arg == "hint"]
        hints += call.args[index + 2 :] if name == "HogQLError" else []
        parts = [node for hint in hints for node in ast.walk(hint)]
        if any(isinstance(part, ast.JoinedStr | ast.BinOp) for part in parts):
            problems.append(f"{call.lineno}: the hint of {name} is not a literal")
        if name in TEMPLATED - {"Message"} and isinstance(template, ast.Constant):
            problems += _misused_values(call, str(template.value), parts)
    return problems + [f"{line}: the template is not a literal" for line in _formatted(tree, variables)]


def _formatted(tree: ast.AST, variables: set[str]) -> Iterator[int]:
    """The lines that assign a formatted string to one of the variables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            names = {part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)}
            if names & variables and any(isinstance(part, ast.JoinedStr) for part in ast.walk(node.value)):
                yield node.lineno


def _misused_values(call: ast.Call, template: str, hint: list[ast.AST]) -> list[str]:
    literals = [part.value for part in hint if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    used = {field for text in (template, *literals) for field in _FIELD.findall(text)}
    given = {keyword.arg for keyword in call.keywords} - RESERVED - {None}
    missing = set(_FIELD.findall(template)) - given - IN_DETAILS - {"message"}
    # A hint that is a constant of the module may use values too.
    is_hint_elsewhere = any(isinstance(part, ast.Name | ast.Subscript | ast.Attribute) for part in hint)
    unused = set() if is_hint_elsewhere else given - used - IN_DETAILS
    return [f"{call.lineno}: the value of {field} is missing" for field in sorted(missing)] + [
        f"{call.lineno}: the value {field} is not used" for field in sorted(map(str, unused))
    ]


def test_templates_are_literal_and_use_their_values() -> None:
    assert len(SOURCES) > 300
    assert {path: found for path in SOURCES if (found := _problems(path.read_text()))} == {}


@pytest.mark.parametrize(
    "source",
    [
        'BadUserInput(f"{name} is wrong")',
        'BadUserInput("wrong: " + name)',
        "BadUserInput(text)",
        'GatewayError(ErrorCode.INTERNAL, f"{name}")',
        'BadUserInput("wrong", hint=f"not {name}")',
        'BadUserInput("{name} is wrong")',
        'BadUserInput("wrong", name=name)',
        'HogQLError(f"{name}", node)',
        'error.reworded(f"{name}: {error.message}")',
        'Message(f"{name}", {})',
        'template = f"{name}"',
        'message = f"{name}"\nraise NotFound(message)',
        'def build(self, template): ...\nself.build(f"{name}")',
    ],
)
def test_check_finds_the_problem(source: str) -> None:
    assert len(_problems(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        'BadUserInput("{name!r} is wrong", name=name, path=path)',
        'BadUserInput("wrong", name=name, hint="not {name:,}")',
        'BadUserInput("wrong", name=name, hint=_HINTS[key])',
        'LimitExceeded(code, "{limit} of {actual}", limit=1, actual=2, unit="queries", hint="")',
        'error.reworded("{who}: {message}", who=who)',
        "BadUserInput('events: [{event: null}]')",
        "BadUserInput(_TEMPLATES[key], name=name)",
        'def build(template): ...\nbuild("{name}", name=name)',
    ],
)
def test_check_accepts_templates(source: str) -> None:
    assert _problems(source) == []
