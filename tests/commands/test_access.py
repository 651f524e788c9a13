"""Listing, setting and removing access rules."""

import pytest

from tests.support.command_line import Run, audit_entries, error_of, stdout_of, table_rows

IN_1 = ("--project", "1", "--resource")


def test_rules_are_set_listed_and_removed(acme: Run) -> None:
    for level, *words in (
        ("viewer", "insight", "--id", "2", "--member", "Bob@example.com"),
        ("none", "insight"),
        ("editor", "insight", "--id", "1", "--role", "Analysts"),
        ("member", "project"),
        ("admin", "project", "--id", "1", "--member", "ada@example.com"),
    ):
        result = acme("access", "set", level, *IN_1, *words)
        assert stdout_of(result).endswith(f": no rule -> {level}\n")
        assert result.stderr == ""
    heading, *rules = table_rows(acme("access", "list", "--project", "1"))
    assert heading == ["resource", "id", "subject", "name", "level", "updated"]
    assert [rule[:-1] for rule in rules] == [
        ["insight", "", "everyone", "", "none"],
        ["insight", "1", "role", "Analysts", "editor"],
        ["insight", "2", "member", "bob@example.com", "viewer"],
        ["project", "1", "everyone", "", "member"],
        ["project", "1", "member", "ada@example.com", "admin"],
    ]
    assert [rule[1] for rule in table_rows(acme("access", "list", *IN_1, "insight"))[1:]] == ["", "1", "2"]
    assert [rule[3] for rule in table_rows(acme("access", "list", *IN_1, "insight", "--id", "2"))[1:]] == [
        "bob@example.com"
    ]
    assert len(table_rows(acme("access", "list", *IN_1, "project"))) == 3

    rule = (*IN_1, "insight", "--id", "1", "--role", "Analysts")
    what = "insight 1 (Delays) of project 1 (Flights), role Analysts"
    assert stdout_of(acme("access", "set", "viewer", *rule)) == f"{what}: editor -> viewer\n"
    assert stdout_of(acme("access", "set", "viewer", *rule)) == f"{what}: already viewer\n"
    assert stdout_of(acme("access", "remove", *rule)) == f"{what}: viewer -> no rule\n"
    assert stdout_of(acme("access", "remove", *rule)) == f"{what}: there was no rule\n"
    assert len(table_rows(acme("access", "list", *IN_1, "insight"))) == 3
    who = ("command line", "access control set", "insight 1 for role Analysts in project 1")
    assert audit_entries(acme, "--project", "1", "--limit", "20")[:2] == [
        [who[0], "access control removed", who[2], "access_level: viewer -> -"],
        [*who, "access_level: editor -> viewer"],
    ]


def test_output_names_the_target_and_the_subject_of_a_rule(acme: Run) -> None:
    assert stdout_of(acme("access", "set", "none", *IN_1, "cohort")) == (
        "all cohorts of project 1 (Flights), everyone: no rule -> none\n"
    )
    assert stdout_of(acme("access", "set", "none", *IN_1, "project", "--member", "ada@example.com")) == (
        "project 1 (Flights), ada@example.com: no rule -> none\n"
    )
    for resource, what in (("action", "action 1 (Departure)"), ("cohort", "cohort 1 (Jets)")):
        result = acme("access", "set", "viewer", *IN_1, resource, "--id", "1", "--role", "Analysts")
        assert stdout_of(result) == f"{what} of project 1 (Flights), role Analysts: no rule -> viewer\n"
    owner = acme("access", "set", "viewer", *IN_1, "insight", "--member", "boss@example.com")
    assert (owner.status, owner.stderr) == (0, "boss@example.com is owner: rules do not apply to them.\n")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ("member", *IN_1, "insight"),
            "error: Insights have no access level member; valid levels: none, viewer",
        ),
        (
            ("editor", *IN_1, "project"),
            "error: Projects have no access level editor; valid levels: none, member, a",
        ),
        (("none", *IN_1, "action"), "error: none is below viewer, the minimum for actions."),
        (
            ("none", *IN_1, "insight", "--id", "3"),
            "error: Project 1 has no insight 3.\nhint: Omit --id",
        ),
        (
            ("none", "--project", "2", "--resource", "insight", "--id", "1"),
            "error: Project 2 has no insight 1.",
        ),
        (
            ("none", *IN_1, "insight", "--id", "99999999999999999999"),
            "error: Project 1 has no insight 9999999999999999",
        ),
        (
            ("none", *IN_1, "project", "--id", "2"),
            "error: --id 2 does not match --project 1.\nhint: Omit --id",
        ),
        (
            ("none", *IN_1, "insights"),
            "error: Invalid resource 'insights'.\nhint: Valid resources: proj",
        ),
        (("none", *IN_1, "organization"), "error: Invalid resource 'organization'."),
        (("none", "--project", "7", "--resource", "insight"), "error: Project 7 not found.\nhint: List them: "),
        (
            ("none", *IN_1, "insight", "--member", "eve@example.com"),
            "error: eve@example.com is not a member of Acme.\nhint: Add them: ",
        ),
        (
            ("none", *IN_1, "insight", "--role", "Guards"),
            "error: Acme has no role 'Guards'.\nhint: ",
        ),
        (
            ("none", *IN_1, "insight", "--role", "Analysts", "--member", "ada@example.com"),
            "error: A rule is for a member or a role, not both.\nhint: ",
        ),
    ],
)
def test_invalid_rule_is_rejected(acme: Run, words: tuple[str, ...], error: str) -> None:
    assert error_of(acme("access", "set", *words)).startswith(error)
    assert len(table_rows(acme("access", "list", "--project", "1"))) == 1
    bounds = ("no access level", "minimum")
    if not any(word in error for word in bounds):
        assert error_of(acme("access", "remove", *words[1:])).startswith(error)


def test_level_that_no_resource_has_is_a_usage_error(acme: Run) -> None:
    result = acme("access", "set", "god", *IN_1, "insight")
    assert result.status == 2
    assert "'viewer', 'editor', 'manager'" in result.stderr


def test_rules_for_roles_are_rejected_while_roles_are_off(acme: Run) -> None:
    rule = (*IN_1, "insight", "--role", "Analysts")
    acme("access", "set", "viewer", *rule)
    acme("organization", "update", "Acme", "--no-roles")
    for words in (("set", "editor"), ("remove",)):
        assert error_of(acme("access", *words, *rule)) == (
            "error: Roles are off in Acme.\nhint: Turn them on: trendgate organization update Acme --roles.\n"
        )
    listed = acme("access", "list", "--project", "1")
    assert listed.stderr.startswith("Roles are off in Acme: rules for roles do not apply.")
    assert len(listed.stdout.splitlines()) == 2


def test_rules_can_be_set_while_access_control_is_off(acme: Run) -> None:
    acme("organization", "update", "Acme", "--no-access-control")
    result = acme("access", "set", "none", *IN_1, "insight")
    assert (result.status, result.stdout.endswith("no rule -> none\n")) == (0, True)
    assert result.stderr == (
        "Access control is off in Acme: no rule applies. "
        "Turn it on: trendgate organization update Acme --access-control.\n"
    )


def test_objects_with_rules_are_limited_but_not_their_number_of_rules(acme: Run) -> None:
    limit = {"TRENDGATE_MAX_OBJECTS_WITH_RULES": "1"}
    assert acme("access", "set", "none", *IN_1, "insight", "--id", "1", **limit).status == 0
    refused = acme("access", "set", "none", *IN_1, "insight", "--id", "2", **limit)
    assert error_of(refused).startswith("error: At most 1 objects of one kind can have access controls")
    more = (*IN_1, "insight", "--id", "1", "--member", "bob@example.com")
    assert acme("access", "set", "viewer", *more, **limit).status == 0


def test_list_with_an_id_requires_a_resource(acme: Run) -> None:
    error = error_of(acme("access", "list", "--project", "1", "--id", "1"))
    assert error.startswith("error: --id requires --resource.\nhint: Add --resource: project, insight")
    assert error_of(acme("access", "list", "--project", "7")).startswith("error: Project 7 not found.\nhint: ")
    assert error_of(acme("access", "list", *IN_1, "plane")).startswith("error: Invalid resource")
