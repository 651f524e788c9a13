"""Organizations and their features."""

import pytest

from tests.support.command_line import Run, audit_entries, error_of, stdout_of, table_rows


def test_organizations_are_listed_with_what_they_have(acme: Run) -> None:
    assert table_rows(acme("organization", "list")) == [
        ["name", "members", "projects", "access control", "roles", "member keys"],
        ["Acme", "3", "1", "on", "on", "on"],
        ["Zeta", "1", "1", "on", "on", "on"],
    ]


def test_only_given_features_change_and_each_change_is_printed(acme: Run) -> None:
    assert stdout_of(acme("organization", "update", "Acme", "--no-roles", "--access-control")) == (
        "Acme: roles are off: rules for roles are kept but do not apply\n"
    )
    assert stdout_of(
        acme("organization", "update", "Acme", "--roles", "--no-access-control", "--no-member-keys")
    ) == (
        "Acme: access control is off: rules are kept but do not apply, everyone has the default levels\n"
        "Acme: roles are on: rules for roles apply\n"
        "Acme: member keys are off: keys of members below admin are refused\n"
    )
    assert [line[3:] for line in table_rows(acme("organization", "list"))[1:]] == [
        ["off", "on", "off"],
        ["on", "on", "on"],
    ]
    assert audit_entries(acme, "--organization", "Acme", "--limit", "20")[:2] == [
        [
            *("command line", "organization changed", "organization Acme"),
            "access_control: on -> off; role_based_access: off -> on; member_keys: on -> off",
        ],
        ["command line", "organization changed", "organization Acme", "role_based_access: on -> off"],
    ]


def test_unchanged_feature_is_not_recorded(acme: Run) -> None:
    before = audit_entries(acme, "--organization", "Acme")
    assert stdout_of(acme("organization", "update", "Acme", "--roles")) == "Acme: nothing changed\n"
    assert audit_entries(acme, "--organization", "Acme") == before


def test_sole_organization_needs_no_name(run: Run) -> None:
    run("project", "create", "Flights")
    assert stdout_of(run("organization", "update", "--no-member-keys")).startswith("Default: member keys are off")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("Acme",), "error: Nothing to change.\nhint: Use --access-control, --roles or --member-keys"),
        (("Nowhere", "--roles"), "error: Organization 'Nowhere' not found.\nhint: List them: "),
        (("--roles",), "error: There are several organizations.\nhint: Choose one by name: Acme, Zeta.\n"),
    ],
)
def test_invalid_update_is_rejected(acme: Run, words: tuple[str, ...], error: str) -> None:
    assert error_of(acme("organization", "update", *words)).startswith(error)


def test_update_without_organizations_says_how_to_create_one(run: Run) -> None:
    stdout_of(run("migrate"))
    error = error_of(run("organization", "update", "--roles"))
    assert error.startswith("error: No organizations yet.\nhint: Create a project")
