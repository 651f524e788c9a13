"""Two organizations with members, roles and projects, for tests of access rules."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, event

from datasource.metadata.access_controls import RuleKey, find_rules, set_rule
from datasource.metadata.audit import OPERATOR, Actor, ActorKind, AuditRecord, list_audit_log
from datasource.metadata.members import add_member
from datasource.metadata.organizations import create_organization
from datasource.metadata.projects import create_project
from datasource.metadata.records import (
    AccessLevel,
    MemberRecord,
    OrganizationLevel,
    OrganizationRecord,
    ProjectRecord,
    RoleRecord,
    RuleRecord,
)
from datasource.metadata.roles import add_role_member, create_role
from datasource.metadata.snapshot import POSTGRES_VERSION
from datasource.metadata.store import MetadataStore

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 5, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Organizations:
    """Ada and Bob are members of Acme; Ada also owns Zeta and has a role in each."""

    acme: OrganizationRecord
    zeta: OrganizationRecord
    ada: MemberRecord
    bob: MemberRecord
    analysts: RoleRecord
    editors: RoleRecord
    zetas: RoleRecord
    shop: ProjectRecord
    lab: ProjectRecord
    zoo: ProjectRecord

    @property
    def ada_in_acme(self) -> str:
        return membership_id(self.ada, self.acme)

    @property
    def ada_in_zeta(self) -> str:
        return membership_id(self.ada, self.zeta)

    @property
    def bob_in_acme(self) -> str:
        return membership_id(self.bob, self.acme)

    @property
    def actor(self) -> Actor:
        """Ada, acting through one of her keys."""
        return Actor(
            ActorKind.API_KEY, user_id=self.ada.id, email=self.ada.email, key_id="k", key_mask="phx_...0001"
        )


def membership_id(member: MemberRecord, organization: OrganizationRecord) -> str:
    found = member.membership_in(organization.id)
    assert found is not None
    return found.id


async def seed_organizations(store: MetadataStore) -> Organizations:
    acme = await create_organization(store, name="Acme")
    zeta = await create_organization(store, name="Zeta")
    shop = await create_project(store, organization_id=acme.id, name="shop")
    lab = await create_project(store, organization_id=acme.id, name="lab")
    zoo = await create_project(store, organization_id=zeta.id, name="zoo")
    bob = await add_member(store, email="bob@example.com", organization_id=acme.id)
    await add_member(store, email="ada@example.com", organization_id=acme.id)
    ada = await add_member(store, email="ada@example.com", organization_id=zeta.id, level=OrganizationLevel.OWNER)
    analysts = await create_role(store, organization_id=acme.id, name="Analysts")
    editors = await create_role(store, organization_id=acme.id, name="Editors")
    zetas = await create_role(store, organization_id=zeta.id, name="Zetas")
    for role in (analysts, zetas):
        await add_role_member(store, role, ada)
    await add_role_member(store, editors, bob)
    return Organizations(acme, zeta, ada, bob, analysts, editors, zetas, shop, lab, zoo)


async def set_level(
    store: MetadataStore,
    project: ProjectRecord,
    level: str | None,
    *,
    resource: str = "insight",
    on: str | None = None,
    member: str | None = None,
    role: RoleRecord | None = None,
    actor: Actor = OPERATOR,
    now: datetime = NOON,
    most_objects: int | None = None,
) -> RuleRecord | None:
    """Set the rule about the object `on` or, without it, about the whole resource."""
    key = RuleKey(project.id, resource, on, member_id=member, role_id=role.id if role else None)
    wanted = None if level is None else AccessLevel(level)
    return await set_rule(store, key, wanted, actor=actor, now=now, most_objects=most_objects)


async def given_rule(
    store: MetadataStore,
    project: ProjectRecord,
    level: str,
    *,
    resource: str = "insight",
    on: str | None = None,
    member: str | None = None,
    role: RoleRecord | None = None,
) -> RuleRecord:
    """Set a rule as the operator and return it."""
    created = await set_level(store, project, level, resource=resource, on=on, member=member, role=role)
    assert created is not None
    return created


async def rule_ids(store: MetadataStore, *projects: ProjectRecord) -> set[str]:
    return {each.id for project in projects for each in await find_rules(store, project.id)}


async def audit_log(store: MetadataStore, organization: OrganizationRecord) -> list[AuditRecord]:
    """Load all entries of the audit log, oldest first."""
    page = await list_audit_log(store, organization.id, first=1000)
    assert (page.total, page.has_next) == (len(page.entries), False)
    return list(reversed(page.entries))


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Record the statements sent to any store within the block, except those that look for changes."""
    sent: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if statement != POSTGRES_VERSION:
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)
