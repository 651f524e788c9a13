"""The audit log."""

from datetime import UTC, datetime

import pytest

from datasource.metadata.audit import OPERATOR, Actor, ActorKind
from datasource.metadata.keys import NewKey, insert_key
from datasource.metadata.members import set_member_level
from datasource.metadata.organizations import get_organization
from datasource.metadata.records import OrganizationLevel
from datasource.metadata.store import MetadataStore
from tests.support.command_line import InStore, Run, audit_entries, error_of, table_rows

NOW = datetime(2026, 5, 1, 10, 30, tzinfo=UTC)


def test_audit_of_an_organization_is_newest_first_and_only_its_own(acme: Run) -> None:
    heading, *entries = table_rows(acme("audit", "--organization", "Zeta"))
    assert heading == ["when", "who", "what", "target", "change"]
    assert [entry[1:] for entry in entries] == [
        ["command line", "role created", "role Guards", "name: - -> Guards"],
        ["command line", "member added", "member eve@example.com", "level: - -> member"],
    ]


def test_changes_by_keys_name_the_owner_of_the_key(acme: Run, in_store: InStore) -> None:
    by_boss = Actor(ActorKind.API_KEY, email="boss@example.com", key_id="1", key_mask="phx_...aaaa")
    by_project = Actor(ActorKind.API_KEY, key_id="2", key_mask="phx_...bbbb")

    async def change(store: MetadataStore) -> None:
        acme_id = (await get_organization(store, name="Acme")).id
        for actor, level in ((by_boss, OrganizationLevel.ADMIN), (by_project, OrganizationLevel.OWNER)):
            who = {"email": "ada@example.com", "organization_id": acme_id}
            await set_member_level(store, **who, level=level, actor=actor, now=NOW)

    in_store(change)
    assert table_rows(acme("audit", "--organization", "Acme"))[1:3] == [
        [
            *("2026-05-01 10:30Z", "a project by key phx_...bbbb", "member changed"),
            *("member ada@example.com", "level: admin -> owner"),
        ],
        [
            *("2026-05-01 10:30Z", "boss@example.com by key phx_...aaaa", "member changed"),
            *("member ada@example.com", "level: member -> admin"),
        ],
    ]


def test_audit_of_a_project_omits_other_projects(acme: Run, in_store: InStore) -> None:
    acme("project", "create", "Ships", "--organization", "Acme")
    acme("access", "set", "none", "--project", "3", "--resource", "insight")
    acme("access", "set", "viewer", "--project", "1", "--resource", "insight")

    async def add_key(store: MetadataStore) -> None:
        new = NewKey(label="service", secure_value="s", mask="phx_...cccc", scopes=["insight:read"], project_id=1)
        await insert_key(store, new, actor=OPERATOR, now=NOW)

    in_store(add_key)
    assert [entry[1:] for entry in audit_entries(acme, "--project", "1")[:2]] == [
        ["key created", "key phx_...cccc (service) in project 1", "scopes: - -> insight:read"],
        ["access control set", "all insights for everyone in project 1", "access_level: - -> viewer"],
    ]
    assert not any("project 3" in entry[2] for entry in audit_entries(acme, "--project", "1"))
    assert any("project 3" in entry[2] for entry in audit_entries(acme, "--organization", "Acme"))
    assert audit_entries(acme, "--project", "1", "--organization", "Acme") == audit_entries(acme, "--project", "1")


def test_limit_reports_the_total(acme: Run) -> None:
    result = acme("audit", "--organization", "Acme", "--limit", "2")
    assert (result.status, len(result.stdout.splitlines())) == (0, 3)
    assert result.stderr == "Showing 2 of 5 changes; use --limit for more.\n"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ((), "error: There are several organizations.\nhint: Choose one with --organization: Acme, Zeta.\n"),
        (("--organization", "Nowhere"), "error: Organization 'Nowhere' not found.\nhint: List them: "),
        (("--project", "9"), "error: Project 9 not found.\nhint: List them: "),
        (
            ("--project", "1", "--organization", "Zeta"),
            "error: Project 1 belongs to Acme.\nhint: Omit --organization",
        ),
    ],
)
def test_unknown_organization_or_project_is_rejected(acme: Run, words: tuple[str, ...], error: str) -> None:
    assert error_of(acme("audit", *words)).startswith(error)
    assert acme("audit", "--limit", "0").status == 2
