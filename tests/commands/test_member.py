"""Changing, deactivating and removing members."""

from datasource.metadata.keys import find_key
from datasource.metadata.members import get_member
from datasource.metadata.store import MetadataStore
from permissions.api_keys import hash_key, mask_key
from permissions.authenticate import authenticate
from tests.support.command_line import InStore, Run, audit_entries, error_of, stdout_of, table_rows

ACME = ("--organization", "Acme")


def test_level_changes_and_output_says_whether_rules_apply(acme: Run) -> None:
    promoted = acme("member", "level", "ADA@example.com", "admin", *ACME)
    assert stdout_of(promoted) == "ada@example.com in Acme: member -> admin; rules do not apply\n"
    again = acme("member", "level", "ada@example.com", "admin", *ACME)
    assert stdout_of(again) == "ada@example.com in Acme: already admin\n"
    demoted = acme("member", "level", "ada@example.com", "member", *ACME)
    assert stdout_of(demoted) == "ada@example.com in Acme: admin -> member; rules apply\n"
    assert audit_entries(acme, *ACME)[:2] == [
        ["command line", "member changed", "member ada@example.com", "level: admin -> member"],
        ["command line", "member changed", "member ada@example.com", "level: member -> admin"],
    ]


def test_keys_of_a_deactivated_member_are_rejected_until_activation(acme: Run, in_store: InStore) -> None:
    words = ("--member", "ada@example.com", "--label", "laptop", "--scope", "insight:read")
    value = stdout_of(acme("key", "create", *words)).strip()

    async def caller(store: MetadataStore) -> str | None:
        return (await authenticate(store, f"Bearer {value}")).user_id

    ada = in_store(lambda store: get_member(store, email="ada@example.com")).id
    assert in_store(caller) == ada
    out = stdout_of(acme("member", "deactivate", "ada@example.com"))
    assert out == "ada@example.com is deactivated: their keys are refused; their rules and roles are kept\n"
    assert ["ada@example.com", "", "Acme", "member", "no"] in table_rows(acme("member", "list"))
    assert not in_store(lambda store: get_member(store, email="ada@example.com")).is_active
    back = stdout_of(acme("member", "activate", "ada@example.com"))
    assert back == "ada@example.com is active: their keys work, unless revoked or expired\n"
    assert in_store(caller) == ada
    assert audit_entries(acme, *ACME)[:2] == [
        ["command line", "member changed", "member ada@example.com", "is_active: off -> on"],
        ["command line", "member changed", "member ada@example.com", "is_active: on -> off"],
    ]


def test_removed_member_loses_roles_rules_and_keys_for_good(acme: Run, in_store: InStore) -> None:
    words = ("--member", "ada@example.com", "--label", "laptop", "--scope", "insight:read")
    value = stdout_of(acme("key", "create", *words)).strip()
    rule = ("--project", "1", "--resource", "project", "--member", "ada@example.com")
    assert acme("access", "set", "admin", *rule).status == 0
    removed = stdout_of(acme("member", "remove", "ada@example.com", *ACME))
    assert removed == ("Removed ada@example.com from Acme, with their roles and the rules for them\n")
    assert ["ada@example.com", "", "", "", "yes"] in table_rows(acme("member", "list"))
    assert ["Analysts", "Acme", ""] in table_rows(acme("role", "list"))
    assert len(table_rows(acme("access", "list", "--project", "1"))) == 1
    found = in_store(lambda store: find_key(store, hash_key(value)))
    assert found is not None
    assert found.owned.owner is not None
    assert found.owned.owner.memberships == ()
    assert "owner removed" in stdout_of(acme("key", "list"))
    assert audit_entries(acme, *ACME)[:2] == [
        [
            *("command line", "member removed", "member ada@example.com"),
            f"level: member -> -; keys: {mask_key(value)} -> -",
        ],
        [
            *("command line", "access control removed", "project 1 for ada@example.com"),
            "access_level: admin -> -",
        ],
    ]
    stdout_of(acme("member", "add", "ada@example.com", *ACME))
    assert "owner removed" in stdout_of(acme("key", "list"))
    value = stdout_of(acme("key", "create", *words)).strip()
    assert "active" in next(row for row in table_rows(acme("key", "list")) if mask_key(value) in row)


def test_unknown_members_are_rejected(acme: Run) -> None:
    elsewhere = "error: eve@example.com is not a member of Acme.\nhint: Add them: "
    assert error_of(acme("member", "level", "eve@example.com", "admin", *ACME)).startswith(elsewhere)
    assert error_of(acme("member", "remove", "eve@example.com", *ACME)).startswith(elsewhere)
    for words in (("level", "zoe@example.com", "admin", *ACME), ("activate", "zoe@example.com")):
        unknown = "error: There is no member with the e-mail address 'zoe@example.com'."
        assert error_of(acme("member", *words)).startswith(unknown)
    assert acme("member", "level", "ada@example.com", "god", *ACME).status == 2
