"""Organizations, projects and people with different access, for tests over HTTP."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event

from datasource.metadata.access_controls import RuleKey, set_rule
from datasource.metadata.actions import create_action
from datasource.metadata.audit import OPERATOR
from datasource.metadata.cohorts import StoredMembership, create_cohort
from datasource.metadata.insights import create_insight
from datasource.metadata.keys import NewKey, insert_key
from datasource.metadata.members import add_member
from datasource.metadata.organizations import create_organization
from datasource.metadata.projects import create_project
from datasource.metadata.records import (
    AccessLevel,
    MemberRecord,
    OrganizationLevel,
    ProjectRecord,
    RoleRecord,
)
from datasource.metadata.roles import add_role_member, create_role
from datasource.metadata.snapshot import POSTGRES_VERSION
from datasource.metadata.store import MetadataStore
from permissions.api_keys import generate_key, hash_key, mask_key
from tests.support.api_keys import make_key
from tests.support.gateway import NOW, Answer, Gateway

VIEWS: dict[str, Any] = {"events": [{"event": "view"}], "dateFrom": "2020-01-13", "dateTo": "2020-01-14"}


@dataclass(frozen=True)
class Person:
    """A member with a key; the variable `project` of their requests is the id of the project."""

    gateway: Gateway
    project: ProjectRecord
    member: MemberRecord
    key: str

    @property
    def membership_id(self) -> str:
        found = self.member.membership_in(self.project.organization_id)
        assert found is not None
        return found.id

    async def ask(self, query: str, /, **variables: Any) -> Answer:
        return await self.gateway.ask(query, {"project": str(self.project.id), **variables}, key=self.key)

    async def with_scopes(self, *scopes: str) -> "Person":
        """Return the same person with a key of these scopes."""
        key = await make_key(self.gateway.stores.metadata, self.member, scopes)
        return Person(self.gateway, self.project, self.member, key)


@dataclass(frozen=True)
class Organization:
    """An organization with a project. `admin` is an organization admin, `creator` a member who creates objects."""

    gateway: Gateway
    organization_id: str
    project: ProjectRecord
    admin: Person
    creator: Person

    @property
    def store(self) -> MetadataStore:
        return self.gateway.stores.metadata

    @property
    def id(self) -> str:
        return str(self.project.id)

    async def person(self, name: str, *scopes: str, level: OrganizationLevel = OrganizationLevel.MEMBER) -> Person:
        """Add a member with a key of these scopes, by default for everything."""
        domain = self.admin.member.email.partition("@")[2]
        return await _join(self.gateway, self.project, f"{name}@{domain}", scopes, level=level)

    async def role(self, name: str, *people: Person) -> RoleRecord:
        role = await create_role(self.store, organization_id=self.organization_id, name=name)
        for person in people:
            await add_role_member(self.store, role, person.member)
        return role

    async def give(
        self,
        level: str | None,
        resource: str = "insight",
        *,
        on: str | None = None,
        to: Person | RoleRecord | None = None,
        project: ProjectRecord | None = None,
    ) -> None:
        """Set a rule of the object `on` for a person or a role, by default for everyone.

        Without `on` the rule is for the whole resource or, for "project", the project itself.
        """
        where = project or self.project
        key = RuleKey(
            where.id,
            resource,
            str(where.id) if resource == "project" and on is None else on,
            member_id=to.membership_id if isinstance(to, Person) else None,
            role_id=to.id if isinstance(to, RoleRecord) else None,
        )
        await set_rule(self.store, key, None if level is None else AccessLevel(level), actor=OPERATOR, now=NOW)

    async def insight(
        self, name: str, *, by: Person | None = None, query: Mapping[str, object] = VIEWS, description: str = ""
    ) -> str:
        """Create an insight, by default as `creator`, and return its id."""
        record = await create_insight(
            self.store,
            project_id=self.project.id,
            name=name,
            description=description,
            query=query,
            now=NOW,
            created_by=(by or self.creator).member.id,
        )
        return str(record.id)

    async def action(
        self, name: str, *, by: Person | None = None, event: str = "view", description: str = ""
    ) -> str:
        record = await create_action(
            self.store,
            project_id=self.project.id,
            name=name,
            description=description,
            steps=[{"event": event}],
            now=NOW,
            created_by=(by or self.creator).member.id,
        )
        return str(record.id)

    async def cohort(
        self,
        name: str,
        *,
        by: Person | None = None,
        distinct_ids: tuple[str, ...] | None = None,
        description: str = "",
    ) -> str:
        """Create a cohort that was never calculated or, given distinct ids, a static one."""
        record = await create_cohort(
            self.store,
            project_id=self.project.id,
            name=name,
            description=description,
            membership=StoredMembership(is_static=distinct_ids is not None, distinct_ids=distinct_ids or ()),
            now=NOW,
            created_by=(by or self.creator).member.id,
        )
        return str(record.id)

    async def saved(self, resource: str, name: str, *, by: Person | None = None) -> str:
        """Create an insight, action or cohort."""
        match resource:
            case "insight":
                return await self.insight(name, by=by)
            case "action":
                return await self.action(name, by=by)
        return await self.cohort(name, by=by)

    async def project_key(self, *scopes: str) -> str:
        """Create a key of the project."""
        value = generate_key()
        new = NewKey(
            project_id=self.project.id,
            label="machine",
            secure_value=hash_key(value),
            mask=mask_key(value),
            scopes=scopes,
        )
        await insert_key(self.store, new)
        return value

    async def machine(self, *scopes: str) -> Person:
        """Return a caller with a key of the project, which has no member."""
        key = await self.project_key(*(scopes or ("*",)))
        return Person(self.gateway, self.project, self.admin.member, key)


async def seed_organization(gateway: Gateway, name: str, *, project_id: int | None = None) -> Organization:
    """Create an organization and a project in it, both called `name`.

    Stores that share an engine need different ids of projects.
    """
    store = gateway.stores.metadata
    organization = await create_organization(store, name=name)
    project = await create_project(
        store, organization_id=organization.id, name=name, timezone="America/New_York", team_id=project_id
    )
    domain = f"{name}.example"
    admin = await _join(gateway, project, f"admin@{domain}", level=OrganizationLevel.ADMIN)
    creator = await _join(gateway, project, f"creator@{domain}")
    return Organization(gateway, organization.id, project, admin, creator)


async def _join(
    gateway: Gateway,
    project: ProjectRecord,
    email: str,
    scopes: tuple[str, ...] = (),
    *,
    level: OrganizationLevel = OrganizationLevel.MEMBER,
) -> Person:
    member = await add_member(
        gateway.stores.metadata,
        email=email.replace(" ", "-"),
        organization_id=project.organization_id,
        level=level,
    )
    key = await make_key(gateway.stores.metadata, member, scopes or ("*",))
    return Person(gateway, project, member, key)


@contextmanager
def statements_reading(table: str, store: MetadataStore | None = None) -> Iterator[list[str]]:
    """Collect the statements within the block that mention the table.

    With a store, requests find nothing that earlier ones read, as after a change.
    """
    if store is not None:
        store.snapshot.invalidate()
    sent: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if table in statement and statement != POSTGRES_VERSION:
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)
