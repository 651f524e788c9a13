"""Creating, expiring, rolling and revoking keys."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from commands.key import parse_expiry
from datasource.metadata.keys import find_key, list_keys
from datasource.metadata.members import get_member
from datasource.metadata.records import KeyRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, GatewayError
from permissions.api_keys import hash_key
from permissions.authenticate import authenticate
from permissions.caller import Caller
from permissions.key_issuing import MOST_KEYS, IssuedKey, issue_key
from permissions.scopes import known_scopes
from tests.support.command_line import ROOT, InStore, Run, audit_entries, error_of, stdout_of, table_rows

NOW = datetime(2026, 5, 1, 12, 30, 15, 250, tzinfo=UTC)
ADAS = ("key", "create", "--member", "ada@example.com", "--label", "laptop", "--scope", "insight:read")
PROJECTS = ("key", "create", "--for-project", "1", "--label", "service", "--scope", "insight:read")


def _listed(run: Run) -> list[dict[str, str]]:
    heading, *keys = table_rows(run("key", "list"))
    return [dict(zip(heading, key, strict=True)) for key in keys]


def _stored(in_store: InStore) -> KeyRecord:
    (owned,) = in_store(list_keys)
    return owned.key


def _authentication(value: str) -> Callable[[MetadataStore], Awaitable[Caller]]:
    return lambda store: authenticate(store, f"Bearer {value}")


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
    owned = found.owned
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
    assert rolled.stderr.splitlines()[1] == (
        "This key has expired and still will not work. Extend it: trendgate key update."
    )
    assert acme("key", "revoke", key.id).status == 0
    assert _listed(acme)[0]["state"] == "revoked"


def test_updated_key_has_its_new_settings_and_the_same_value(acme: Run, in_store: InStore) -> None:
    value = stdout_of(acme(*ADAS)).strip()
    mask = _stored(in_store).mask
    updated = acme("key", "update", mask, "--label", "dashboard", "--scope", "read", "--expires", "2100-01-31")
    reading = " ".join(scope for scope in known_scopes() if scope.endswith(":read"))
    assert stdout_of(updated).splitlines() == [
        f"{mask}: label: laptop -> dashboard",
        f"{mask}: scopes: insight:read -> {reading}",
        f"{mask}: expires: never -> 2100-01-31 00:00Z",
    ]
    (listed,) = _listed(acme)
    assert (listed["label"], listed["scopes"], listed["expires"]) == ("dashboard", reading, "2100-01-31 00:00Z")
    assert audit_entries(acme, "--organization", "Acme")[0] == [
        *("command line", "key updated", f"key {mask} (dashboard) of ada@example.com"),
        f"label: laptop -> dashboard; scopes: insight:read -> {reading}; "
        "expires_at: - -> 2100-01-31T00:00:00+00:00",
    ]
    assert in_store(lambda store: find_key(store, hash_key(value))) is not None
    assert stdout_of(acme("key", "update", mask, "--expires", "never")) == (
        f"{mask}: expires: 2100-01-31 00:00Z -> never\n"
    )
    assert stdout_of(acme("key", "update", mask, "--label", "dashboard")) == f"{mask}: nothing changed\n"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ((), "error: Nothing to change.\nhint: Use --label, --scope or --expires."),
        (("--label", " "), "error: The label of a key must not be empty."),
        (("--scope", "insight"), "error: Unknown scope 'insight'."),
        (("--expires", "soon"), "error: Invalid expiry 'soon'."),
        (("--expires", "2020-01-01"), "error: The expiry must be in the future."),
    ],
)
def test_invalid_update_is_rejected(acme: Run, in_store: InStore, options: tuple[str, ...], error: str) -> None:
    acme(*ADAS)
    before = _stored(in_store)
    assert error_of(acme("key", "update", before.mask, *options)).startswith(error)
    assert _stored(in_store) == before


def test_rolled_key_with_grace_has_two_values_until_it_is_revoked(acme: Run, in_store: InStore) -> None:
    old = stdout_of(acme(*ADAS)).strip()
    mask = _stored(in_store).mask
    rolled = acme("key", "roll", mask, "--grace", "24h")
    key = _stored(in_store)
    assert key.last_rolled_at is not None
    assert key.old_value_until == key.last_rolled_at + timedelta(hours=24)
    until = f"{key.old_value_until:%Y-%m-%d %H:%MZ}"
    assert rolled.stderr.splitlines()[1] == f"The old value, {mask}, works until {until}."
    values = (old, stdout_of(rolled).strip())
    assert [in_store(_authentication(value)).key_id for value in values] == [key.id, key.id]
    assert _listed(acme)[0]["old value"] == f"{mask} until {until}"
    assert audit_entries(acme, "--organization", "Acme")[0][3] == (
        f"mask: {mask} -> {key.mask}; old_value_until: - -> {key.old_value_until.isoformat()}"
    )
    assert acme("key", "revoke", mask).status == 0
    for value in values:
        with pytest.raises(GatewayError, match="was revoked"):
            in_store(_authentication(value))


@pytest.mark.parametrize(
    ("grace", "error"),
    [
        ("8d", "error: The old value of a key can keep working for at most 7 days.\nhint: Use a duration"),
        ("9999999w", "error: The old value of a key can keep working for at most 7 days."),
        ("0h", "error: Invalid duration '0h'.\nhint: Use a duration"),
        ("2027-01-31", "error: Invalid duration '2027-01-31'."),
    ],
)
def test_invalid_grace_is_rejected_and_the_key_not_rolled(
    acme: Run, in_store: InStore, grace: str, error: str
) -> None:
    acme(*ADAS)
    before = _stored(in_store)
    assert error_of(acme("key", "roll", before.mask, "--grace", grace)).startswith(error)
    assert _stored(in_store) == before


def test_shown_key_has_all_its_settings(acme: Run, in_store: InStore) -> None:
    acme(*ADAS, "--description", "On the train", "--project", "1", "--organization", "Acme")
    acme("key", "roll", _stored(in_store).id, "--grace", "1h")
    key = _stored(in_store)
    heading, *rows = table_rows(acme("key", "show", key.mask))
    assert heading == ["setting", "value"]
    assert key.last_rolled_at is not None
    assert {each[0]: each[1] for each in rows} == {
        "id": key.id,
        "mask": key.mask,
        "label": "laptop",
        "description": "On the train",
        "owner": "ada@example.com",
        "state": "active",
        "scopes": "insight:read",
        "organizations": "Acme",
        "projects": "1",
        "created": f"{key.created_at:%Y-%m-%d %H:%MZ}",
        "last used": "never",
        "rolled": f"{key.last_rolled_at:%Y-%m-%d %H:%MZ}",
        "old value": f"{key.old_mask} until {key.old_value_until:%Y-%m-%d %H:%MZ}",
        "expires": "never",
        "revoked": "",
    }
    assert error_of(acme("key", "show", "nothing")).startswith("error: There is no key 'nothing'.\nhint: ")


def test_list_fits_a_terminal_of_100_columns(acme: Run, in_store: InStore, settings: dict[str, str]) -> None:
    acme(*ADAS[:-2], "--scope", "read", "--scope", "insight:write", "--expires", "2100-01-31")
    mask = _stored(in_store).mask
    acme("key", "roll", mask, "--grace", "24h")
    key = _stored(in_store)
    ours, theirs = pty.openpty()
    # A dumb terminal has 80 columns, whatever COLUMNS says.
    environment = os.environ | settings | {"TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, str(ROOT / "server.py"), "key", "list"]
    subprocess.run(command, env=environment, stdout=theirs, check=True)
    heading, first, *others = re.sub(r"\x1b\[[0-9;]*m", "", os.read(ours, 8192).decode()).splitlines()
    os.close(ours)
    os.close(theirs)
    assert heading.split() == ["mask", "label", "owner", "scopes", "last", "used", "expires", "state"]
    assert first.split()[:4] == [key.mask, "laptop", "ada@example.com", "read"]
    assert "2100-01-31" in first
    assert "until 2" in "".join((first, *others))
    assert max(map(len, (heading, first, *others))) <= 100
    assert len(others) <= 3
