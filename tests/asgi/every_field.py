"""Keys of every kind, and a project with recognizable contents, to request each field with each key."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from datasource.metadata.keys import revoke_key
from datasource.metadata.members import add_member, set_member_active
from datasource.metadata.models import AccessControl, Project, SavedAction, SavedCohort, SavedInsight
from datasource.metadata.organizations import set_features
from datasource.metadata.projects import create_project
from datasource.metadata.records import OrganizationLevel, ProjectRecord
from datasource.tables.steps import JSON_INSERT_SETTINGS
from permissions.api_keys import generate_key, mask_key
from tests.support.api_keys import make_key
from tests.support.gateway import NOW, Gateway
from tests.support.seeds.organization import Organization, Person, seed_organization

SECRET: Final = "quetzal"
"""Part of every name, description, email address, event and property of the project."""
VALUE: Final = "918273645"
"""The value that trends sum up."""

QUERY: Final = {
    "events": [{"event": "quetzal event", "math": "SUM", "mathProperty": "quetzal_amount"}],
    "dateFrom": "2020-01-13",
    "dateTo": "2020-01-14",
}
EVENT: Final = (
    """INSERT INTO events (project_id, event, timestamp, uuid, distinct_id, person_no, person_id, properties)
SELECT {project:UInt32}, 'quetzal event', toDateTime64('2020-01-13 12:00:00', 6, 'UTC'), generateUUIDv4(),
    'quetzal-person', 1, generateUUIDv4(), '{"quetzal_amount": 918273645, "quetzal_plan": "quetzal plan"}'
SETTINGS """
    + JSON_INSERT_SETTINGS
)
SCOPES: Final = tuple(
    f"{name}:{action}"
    for name in (
        "access_control",
        "action",
        "cohort",
        "event_definition",
        "insight",
        "organization",
        "person",
        "project",
        "property_definition",
        "query",
        "user",
    )
    for action in ("read", "write")
)

RESOURCES: Final = ("insight", "action", "cohort")
CHANGING: Final = (SavedInsight, SavedAction, SavedCohort, AccessControl)

COLUMNS: Final = (
    "no key",
    "unknown key",
    "revoked key",
    "expired key",
    "inactive owner",
    "other scopes",
    "scoped to another project",
    "scoped to another organization",
    "organization without keys of members",
    "member of another organization",
    "project level none",
    "resource level none",
    "object level none",
    "viewer of the resource",
    "editor of the resource",
    "manager of the resource",
    "no rule",
    "project level member",
    "project level admin",
    "organization admin",
    "creator",
    "key of the project",
)


def all_scopes_but(needed: Sequence[str]) -> tuple[str, ...]:
    """Return every scope except those that would satisfy the needed ones."""
    sufficient = {*needed, *(each.replace(":read", ":write") for each in needed)}
    return tuple(each for each in SCOPES if each not in sufficient)


@dataclass
class Site:
    """A project with secret objects of every kind, none of which `closed_object` may read."""

    org: Organization
    closed_object: Person | None
    ids: dict[str, str]

    async def renew(self, resource: str) -> None:
        """Replace an object that may have been changed or deleted."""
        org = self.org
        name, description = f"quetzal {resource}", f"quetzal {resource} described"
        if resource == "insight":
            made = await org.insight(name, description=description, query=QUERY)
        elif resource == "action":
            made = await org.action(name, description=description, event="quetzal event")
        else:
            made = await org.cohort(name, description=description)
        self.ids[resource] = made
        if self.closed_object:
            await org.give("none", resource, on=made, to=self.closed_object)

    async def contents(self) -> list[tuple[object, ...]]:
        """Return everything in the project that a mutation could change, sorted: PostgreSQL promises no order."""
        found: list[tuple[object, ...]] = []
        async with self.org.store.read() as session:
            for model in CHANGING:
                query = select(*model.__table__.columns).where(model.project_id == self.org.project.id)
                found += [(model.__name__, *row) for row in await session.execute(query)]
            project = select(*Project.__table__.columns).where(Project.id == self.org.project.id)
            found += [tuple(row) for row in await session.execute(project)]
        return sorted(tuple(map(str, row)) for row in found)


@dataclass
class Keys:
    """The people of the columns, and their keys."""

    site: Site
    strict: Site
    people: dict[str, Person]
    other_project: ProjectRecord
    other_organization: str
    made: dict[tuple[str, tuple[str, ...]], str | None] = field(default_factory=dict)

    def site_of(self, column: str) -> Site:
        return self.strict if column == "organization without keys of members" else self.site

    async def key(self, column: str, path: Sequence[str], needed: Sequence[str]) -> str | None:
        """Return the column's key with exactly the scopes of the path and those needed."""
        scopes = tuple(dict.fromkeys((*path, *needed)))
        if column == "other scopes":
            scopes = tuple(dict.fromkeys((*path, *all_scopes_but(needed)))) if needed else ("user:read",)
            scopes = tuple(each for each in scopes if each not in needed)
        at = (column, scopes or ("user:read",))
        if at not in self.made:
            self.made[at] = await self._make(*at)
        return self.made[at]

    async def _make(self, column: str, scopes: tuple[str, ...]) -> str | None:
        org = self.site.org
        store, admin = org.store, org.admin.member
        match column:
            case "no key":
                return None
            case "unknown key":
                return generate_key()
            case "revoked key":
                key = await make_key(store, admin, scopes)
                await revoke_key(store, mask_key(key))
                return key
            case "expired key":
                return await make_key(store, admin, scopes, expires_at=NOW - timedelta(seconds=1))
            case "other scopes" | "organization admin":
                return await make_key(store, admin, scopes)
            case "scoped to another project":
                return await make_key(store, admin, scopes, projects=[self.other_project.id])
            case "scoped to another organization":
                return await make_key(store, admin, scopes, organizations=[self.other_organization])
            case "key of the project":
                return await org.project_key(*scopes)
        return await make_key(store, self.people[column].member, scopes)


async def open_keys(gateway: Gateway) -> Keys:
    """Create the organizations, one of which accepts no keys of members, and the people of all columns."""
    org, elsewhere = (
        await seed_organization(gateway, SECRET),
        await seed_organization(gateway, "elsewhere than there"),
    )
    strict = await seed_organization(gateway, "quetzal without keys")
    await set_features(org.store, strict.organization_id, member_keys=False)
    joined = await add_member(
        org.store,
        email=org.admin.member.email,
        organization_id=elsewhere.organization_id,
        level=OrganizationLevel.ADMIN,
    )
    admin = Person(gateway, org.project, joined, org.admin.key)
    org = Organization(gateway, org.organization_id, org.project, admin, org.creator)
    people = await _people(org, elsewhere, strict)
    site = Site(org, people["object level none"], {"project": org.id, "member": admin.member.id})
    shut = Site(strict, None, {"project": strict.id, "member": strict.admin.member.id})
    for each in (site, shut):
        await gateway.stores.events.command(EVENT, {"project": each.org.project.id})
        for resource in RESOURCES:
            await each.renew(resource)
        each.ids["list"] = await each.org.cohort("quetzal list", distinct_ids=("quetzal-person",))
    await org.give("none", "cohort", on=site.ids["list"], to=people["object level none"])
    await org.role("quetzal role", people["no rule"])
    other = await create_project(org.store, organization_id=org.organization_id, name="another")
    return Keys(site, shut, people, other, elsewhere.organization_id)


async def _people(org: Organization, elsewhere: Organization, strict: Organization) -> dict[str, Person]:
    inactive = await org.person("inactive", level=OrganizationLevel.ADMIN)
    await set_member_active(org.store, email=inactive.member.email, is_active=False)
    people = {
        "inactive owner": inactive,
        "organization without keys of members": strict.creator,
        "member of another organization": elsewhere.admin,
        "creator": org.creator,
    }
    names = ("project level none", "resource level none", "object level none", "no rule")
    for name in (*names, *COLUMNS[13:16], *COLUMNS[17:19]):
        people[name] = await org.person(name)
    await org.give("none", "project", to=people["project level none"])
    await org.give("member", "project", to=people["project level member"])
    await org.give("admin", "project", to=people["project level admin"])
    for resource in RESOURCES:
        await org.give("none", resource, to=people["resource level none"])
        for level in ("viewer", "editor", "manager"):
            await org.give(level, resource, to=people[f"{level} of the resource"])
    return people
