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
TEMPLATED = {*CODED, "BadUserInput", "NotFound", "NotAvailable", "HogQLError", "Message", "reworded"}
RESERVED = {"hint", "details", "path"}
IN_DETAILS = {"limit", "actual", "unit"}
PENDING = {
    "asgi/graphql/content_type.py",
    "commands/access.py",
    "commands/access_options.py",
    "commands/audit.py",
    "commands/bind.py",
    "commands/cohort.py",
    "commands/demo.py",
    "commands/events_layout.py",
    "commands/key_expiry.py",
    "commands/load.py",
    "commands/metadata.py",
    "commands/migrate.py",
    "commands/project.py",
    "commands/role.py",
    "commands/schema.py",
    "datasource/clickhouse/address.py",
    "datasource/clickhouse/connection.py",
    "datasource/clickhouse/fair_queue.py",
    "datasource/layouts/contract.py",
    "datasource/layouts/providers.py",
    "datasource/loader/load.py",
    "datasource/loader/read_csv_parquet.py",
    "datasource/loader/rejects.py",
    "datasource/metadata/access_controls.py",
    "datasource/metadata/adoption.py",
    "datasource/metadata/engine.py",
    "datasource/metadata/keys.py",
    "datasource/metadata/members.py",
    "datasource/metadata/organizations.py",
    "datasource/metadata/projects.py",
    "datasource/metadata/roles.py",
    "datasource/metadata/store.py",
    "datasource/metadata/time_zones.py",
    "datasource/tables/cluster_checks.py",
    "datasource/tables/migrate.py",
    "permissions/authenticate.py",
    "resolvers/access.py",
    "resolvers/cohort_calculation.py",
    "resolvers/cohort_graph.py",
    "resolvers/cohort_references.py",
    "resolvers/context.py",
    "resolvers/definitions.py",
    "resolvers/saved.py",
    "resolvers/trends/buckets.py",
    "resolvers/trends/cohort_splits.py",
    "schema/action_input.py",
    "schema/breakdown_reader.py",
    "schema/cohort_input.py",
    "schema/entity_references.py",
    "schema/filters.py",
    "schema/input_checks.py",
    "schema/insight.py",
    "schema/project_mutation.py",
    "schema/saved.py",
    "schema/stored_question.py",
    "schema/trend_query_reader.py",
}
"""Files whose messages are not templates yet."""
_FIELD = re.compile(r"\{([a-z_]\w*)(?:![rs])?(?::[^{} ][^{}]*)?\}")


def _templated_calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name) if name in TEMPLATED:
                    yield name, node


def _problems(source: str) -> list[str]:
    problems = []
    for name, call in _templated_calls(ast.parse(source)):
        index = 1 if name in CODED else 0
        template = call.args[index] if len(call.args) > index else None
        if (
            isinstance(template, ast.Call)
            and isinstance(template.func, ast.Name)
            and template.func.id == "Message"
        ):
            continue
        if not isinstance(template, ast.Constant) or not isinstance(template.value, str):
            problems.append(f"{call.lineno}: the template of {name} is no literal")
            continue
        hints = [keyword.value for keyword in call.keywords if keyword.arg == "hint"]
        hints += call.args[index + 2 :] if name == "HogQLError" else []
        parts = [node for hint in hints for node in ast.walk(hint)]
        if any(isinstance(part, ast.JoinedStr | ast.BinOp) for part in parts):
            problems.append(f"{call.lineno}: the hint of {name} is no literal")
        problems += [] if name == "Message" else _misused_values(call, template.value, parts)
    return problems


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


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_are_literal_and_use_their_values(path: Path) -> None:
    if str(path.relative_to(ROOT)) in PENDING:
        pytest.skip("to be converted")
    assert _problems(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        'BadUserInput(f"{name} is wrong")',
        'BadUserInput("wrong: " + name)',
        "BadUserInput(message)",
        'GatewayError(ErrorCode.INTERNAL, f"{name}")',
        'BadUserInput("wrong", hint=f"not {name}")',
        'BadUserInput("{name} is wrong")',
        'BadUserInput("wrong", name=name)',
        'HogQLError(f"{name}", node)',
        'error.reworded(f"{name}: {error.message}")',
        'Message(f"{name}", {})',
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
    ],
)
def test_check_accepts_templates(source: str) -> None:
    assert _problems(source) == []
