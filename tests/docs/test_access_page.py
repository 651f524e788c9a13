"""docs/access-control.md matches the schema, the registry and the policy."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from graphql import parse, validate

from datasource.metadata.records import AccessLevel, OrganizationLevel, RuleRecord
from permissions.policy import Controlled, Policy, Principal
from permissions.resources import INSIGHT, controlled_resources
from permissions.scopes import known_scopes
from schema.build import build_schema
from settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "access-control.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SUBJECTS = {"everyone": (None, None), "member": ("m", None), "role": (None, "r")}


def rows_below(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without the header row."""
    table = PAGE.split(heading)[1].split("\n\n| ")[1].split("\n\n")[0]
    return [[cell.strip() for cell in row.strip("| ").split("|")] for row in table.splitlines()[2:]]


EXAMPLES = rows_below("### Examples")
LEVELS = rows_below("## Levels")


@pytest.mark.parametrize("query", QUERIES)
def test_query_of_the_page_is_valid(query: str) -> None:
    assert validate(build_schema(Settings())._schema, parse(query)) == []


def read_rules(text: str) -> list[RuleRecord]:
    """The rules of an example: "this insight: member NONE, role EDITOR; all insights: everyone EDITOR"."""
    return [
        RuleRecord(
            id=f"{part}{subject}",
            project_id=1,
            resource=INSIGHT.name,
            resource_id="7" if part.startswith("this") else None,
            member_id=SUBJECTS[subject][0],
            role_id=SUBJECTS[subject][1],
            access_level=AccessLevel[level],
            created_by=None,
            created_at=NOW,
            updated_at=NOW,
        )
        for part in text.split("; ")
        for subject, level in re.findall(r"(everyone|member|role) ([A-Z]+)", part)
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=[example[0] for example in EXAMPLES])
def test_example_of_the_page_matches_the_policy(example: list[str]) -> None:
    rules, level, listed, change = example
    policy = Policy(Principal("u", OrganizationLevel.MEMBER), 1, read_rules(rules))
    insight = Controlled(INSIGHT, "7", created_by="bob")
    found = policy.object_access(insight).level
    opens = policy.passes_gate(INSIGHT, AccessLevel.VIEWER)
    shown = opens and policy.list_filter(INSIGHT).shows("7", "bob")
    may_change = policy.passes_gate(INSIGHT, AccessLevel.EDITOR) and INSIGHT.reaches(found, AccessLevel.EDITOR)
    assert found is AccessLevel[level]
    assert (shown, may_change) == (listed == "yes", change == "yes")


def test_examples_cover_every_outcome() -> None:
    assert len(EXAMPLES) > 6
    assert sum(len(read_rules(example[0])) for example in EXAMPLES) > 10
    assert {tuple(example[2:]) for example in EXAMPLES} >= {
        ("yes", "yes"),
        ("no", "no"),
        ("yes", "no"),
        ("no", "yes"),
    }


def test_levels_of_the_page_match_the_registry() -> None:
    documented = {name: row[1:] for row in LEVELS for name in row[0].split(", ")}
    assert set(documented) == {resource.name for resource in controlled_resources()}
    for resource in controlled_resources():
        ladder, default, settable = documented[resource.name]
        assert ladder == ", ".join(level.name for level in resource.ladder)
        assert default == resource.default.name
        bounds = (resource.minimum, resource.maximum)
        expected = (
            "all" if bounds == (resource.ladder[0], resource.ladder[-1]) else " to ".join(b.name for b in bounds)
        )
        assert settable == expected


def test_page_names_all_objects_of_scopes() -> None:
    sentence = PAGE.split("The\nobjects are")[1].split(";")[0]
    assert set(re.findall(r"`(\w+)`", sentence)) == {scope.partition(":")[0] for scope in known_scopes()}
