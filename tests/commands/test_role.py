"""Roles and their members."""

import pytest

from tests.support.command_line import Run, audit_entries, error_of, stdout_of, table_rows

ACME = ("--organization", "Acme")


def test_role_is_created_filled_and_deleted(acme: Run) -> None:
    assert stdout_of(acme("role", "create", "Pilots", *ACME)) == "Created the role Pilots in Acme\n"
    for email in ("bob@example.com", "ADA@example.com", "ada@example.com"):
        assert "to the role Pilots in Acme" in stdout_of(acme("role", "add", "Pilots", email, *ACME))
    assert table_rows(acme("role", "list")) == [
        ["name", "organization", "members"],
        ["Analysts", "Acme", "ada@example.com"],
        ["Pilots", "Acme", "ada@example.com bob@example.com"],
        ["Guards", "Zeta", ""],
    ]
    assert stdout_of(acme("role", "remove", "Pilots", "bob@example.com", *ACME)) == (
        "Removed bob@example.com from the role Pilots in Acme\n"
    )
    assert ["Pilots", "Acme", "ada@example.com"] in table_rows(acme("role", "list"))
    rule = ("--project", "1", "--resource", "insight", "--role", "Pilots")
    assert acme("access", "set", "viewer", *rule).status == 0
    assert stdout_of(acme("role", "delete", "Pilots", *ACME)) == "Deleted the role Pilots and its rules\n"
    assert [line[0] for line in table_rows(acme("role", "list"))] == ["name", "Analysts", "Guards"]
    assert len(table_rows(acme("access", "list", "--project", "1"))) == 1

    assert audit_entries(acme, *ACME)[:7] == [
        ["command line", "role deleted", "role Pilots", "name: Pilots -> -"],
        [
            *("command line", "access control removed", "all insights for role Pilots in project 1"),
            "access_level: viewer -> -",
        ],
        [
            *("command line", "access control set", "all insights for role Pilots in project 1"),
            "access_level: - -> viewer",
        ],
        ["command line", "role member removed", "bob@example.com in role Pilots", ""],
        ["command line", "role member added", "ada@example.com in role Pilots", ""],
        ["command line", "role member added", "bob@example.com in role Pilots", ""],
        ["command line", "role created", "role Pilots", "name: - -> Pilots"],
    ]


def test_role_created_while_roles_are_off_prints_a_warning(acme: Run) -> None:
    acme("organization", "update", "Acme", "--no-roles")
    made = acme("role", "create", "Pilots", *ACME)
    assert (made.status, made.stdout) == (0, "Created the role Pilots in Acme\n")
    assert made.stderr == "Roles are off in Acme: rules for roles do not apply.\n"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("create", "Pilots"), "error: There are several organizations.\nhint: Choose one with --organization"),
        (
            ("create", "Pilots", "--organization", "Nowhere"),
            "error: Organization 'Nowhere' not found.\nhint",
        ),
        (("create", "Analysts", *ACME), "error: This organization already has a role named 'Analysts'."),
        (("create", " ", *ACME), "error: The name of the role is empty."),
        (("delete", "Guards", *ACME), "error: Acme has no role 'Guards'.\nhint: List them: "),
        (("add", "Guards", "ada@example.com", *ACME), "error: Acme has no role 'Guards'."),
        (
            ("add", "Analysts", "eve@example.com", *ACME),
            "error: eve@example.com is not a member of Acme.\nhint: Add them: ",
        ),
        (("add", "Analysts", "zoe@example.com", *ACME), "error: There is no member with the e-mail address"),
        (
            ("remove", "Analysts", "bob@example.com", *ACME),
            "error: bob@example.com is not in the role 'Analysts'.",
        ),
    ],
)
def test_invalid_role_command_is_rejected(acme: Run, words: tuple[str, ...], error: str) -> None:
    assert error_of(acme("role", *words)).startswith(error)
