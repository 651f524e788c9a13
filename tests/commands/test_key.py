"""Creating, expiring, rolling and revoking keys."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from commands.key import parse_expiry
from datasource.metadata.keys import find_key, list_keys
from datasource.metadata.members import get_member
from datasource.metadata.records import KeyRecord, OwnedKey
from datasource.metadata.store import MetadataStore
from errors import BadUserInput
from permissions.api_keys import hash_key
from permissions.key_issuing import MOST_KEYS, IssuedKey, issue_key
from tests.support.command_line import InStore, Run, audit_entries, error_of, stdout_of, table_rows

NOW = datetime(2026, 5, 1, 12, 30, 15, 250, tzinfo=UTC)
ADAS = ("key", "create", "--member", "ada@example.com", "--label", "laptop", "--scope", "insight:read")
PROJECTS = ("key", "create", "--for-project", "1", "--label", "service", "--scope", "insight:read")


def _listed(run: Run) -> list[dict[str, str]]:
    heading, *keys = table_rows(run("key", "list"))
    return [dict(zip(heading, key, strict=True)) for key in keys]


def _stored(in_store: InStore) -> KeyRecord:
    (owned,) = in_store(list_keys)
    return owned.key


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("36h", datetime(2026, 5, 3, 0, 30, 15, tzinfo=UTC)),
        ("90d", datetime(2026, 7, 30, 12, 30, 15, tzinfo=UTC)),
        ("2w", datetime(2026, 5, 15, 12, 30, 15, tzinfo=UTC)),
        (" 2027-01-31 ", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31T18:00", datetime(2027, 1, 31, 18, tzinfo=UTC)),
        ("2027-01-31T18:00+02:00", datetime(2027, 1, 31, 16, tzinfo=UTC)),
    ],
)
def test_expiry_is_a_duration_or_a_time_in_utc(text: str, moment: datetime) -> None:
    assert parse_expiry(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "tomorrow", "90", "0d", "-1d", "9999999w", "2027-02-30", "31.01.2027", "٣d"])
def test_invalid_expiry_is_rejected_with_examples(text: str) -> None:
    with pytest.raises(BadUserInput, match="Invalid expiry") as refused:
        parse_expiry(text, NOW)
    assert "90d" in (refused.value.hint or "")


def test_key_of_a_member_has_description_and_expiry(acme: Run, in_store: InStore) -> None:
    made = acme(*ADAS, "--description", "On the train", "--expires", "90d", "--project", "1")
    assert re.fullmatch(r"phx_[0-9A-Za-z]{40,48}\n", stdout_of(made))
    key = _stored(in_store)
    assert (key.description, key.scoped_projects) == ("On the train", (1,))
    assert key.expires_at is not None
    assert key.expires_at == key.created_at.replace(microsecond=0) + timedelta(days=90)
    (listed,) = _listed(acme)
    assert (listed["owner"], listed["projects"], listed["state"]) == ("ada@example.com", "1", "active")
    assert listed["expires"] == f"{key.expires_at:%Y-%m-%d %H:%MZ}"
    (entry,) = [entry for entry in audit_entries(acme, "--organization", "Acme") if entry[1] == "key created"]
    assert entry == [
        *("command line", "key created", f"key {key.mask} (laptop) of ada@example.com in project 1"),
        f"scopes: - -> insight:read; scoped_projects: - -> 1; expires_at: - -> {key.expires_at.isoformat()}",
    ]


def test_key_of_a_project_has_no_owner(acme: Run, in_store: InStore) -> None:
    value = stdout_of(acme(*PROJECTS, "--expires", "2100-01-31")).strip()
    found = in_store(lambda store: find_key(store, hash_key(value)))
    assert found is not None
    owned: OwnedKey = found[0]
    assert (owned.owner, owned.key.project_id, owned.key.user_id) == (None, 1, None)
    (listed,) = _listed(acme)
    assert (listed["owner"], listed["projects"], listed["expires"]) == ("project 1", "1", "2100-01-31 00:00Z")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            (*ADAS, "--for-project", "1"),
            "error: A key must belong to either a member or a project.\nhint: Use",
        ),
        (
            ("key", "create", "--label", "x", "--scope", "*"),
            "error: A key must belong to either a member or a project.\n",
        ),
        (
            (*PROJECTS, "--project", "1"),
            "error: A project's key can access only that project.\nhint: Omit",
        ),
        ((*PROJECTS, "--organization", "Acme"), "error: A project's key can access only that project."),
        (("key", "create", "--for-project", "9", *ADAS[4:]), "error: Project 9 not found.\nhint: List them: "),
        ((*ADAS, "--expires", "2020-01-01"), "error: The expiry must be in the future."),
        (
            (*ADAS, "--expires", "soon"),
            "error: Invalid expiry 'soon'.\nhint: Use a dura",
        ),
        ((*ADAS, "--project", "2"), "error: ada@example.com has no access to project 2."),
        (
            (*ADAS, "--description", "x" * 1001),
            "error: The description of a key may have at most 1000 printable characters.",
        ),
    ],
)
def test_invalid_key_is_rejected(acme: Run, words: tuple[str, ...], error: str) -> None:
    assert error_of(acme(*words)).startswith(error)
    assert _listed(acme) == []


def test_number_of_keys_per_member_is_limited(acme: Run) -> None:
    for _ in range(MOST_KEYS):
        assert acme(*ADAS).status == 0
    assert error_of(acme(*ADAS)).startswith(
        f"error: A member can have at most {MOST_KEYS} usable API keys.\nhint: "
    )


def test_rolled_key_has_a_new_value_and_is_otherwise_unchanged(acme: Run, in_store: InStore) -> None:
    old = stdout_of(acme(*ADAS, "--expires", "90d")).strip()
    before = _stored(in_store)
    rolled = acme("key", "roll", before.mask)
    new = stdout_of(rolled).strip()
    assert re.fullmatch(r"phx_[0-9A-Za-z]{40,48}", new)
    assert new != old
    assert rolled.stderr == "Store this key safely; it won't be shown again.\n"
    assert in_store(lambda store: find_key(store, hash_key(old))) is None
    assert in_store(lambda store: find_key(store, hash_key(new))) is not None
    after = _stored(in_store)
    assert (after.id, after.scopes, after.expires_at) == (before.id, before.scopes, before.expires_at)
    assert audit_entries(acme, "--organization", "Acme")[0] == [
        *("command line", "key rolled", f"key {after.mask} (laptop) of ada@example.com"),
        f"mask: {before.mask} -> {after.mask}",
    ]
    acme("key", "revoke", after.id)
    assert error_of(acme("key", "roll", after.id)) == (
        f"error: The key {after.mask} is revoked.\nhint: Create a new one.\n"
    )
    assert error_of(acme("key", "roll", "phx_...zzzz")).startswith("error: There is no key 'phx_...zzzz'.\nhint: ")
    assert audit_entries(acme, "--organization", "Acme")[0][1] == "key revoked"
    (listed,) = _listed(acme)
    assert (listed["state"], bool(listed["revoked"])) == ("revoked", True)


def test_expired_key_stays_expired_when_rolled(acme: Run, in_store: InStore) -> None:
    then = datetime(2026, 1, 1, tzinfo=UTC)

    async def issue(store: MetadataStore) -> IssuedKey:
        ada = await get_member(store, email="ada@example.com")
        end = then + timedelta(days=1)
        return await issue_key(store, owner=ada, label="old", scopes=["*"], expires_at=end, now=then)

    key = in_store(issue).record
    (listed,) = _listed(acme)
    assert (listed["expires"], listed["state"]) == ("2026-01-02 00:00Z", "expired")
    rolled = acme("key", "roll", key.id)
    assert rolled.status == 0
    assert rolled.stderr.splitlines()[1] == "This key has expired and still will not work. Create a new one."
    assert acme("key", "revoke", key.id).status == 0
    assert _listed(acme)[0]["state"] == "revoked"
