import asyncio
import shlex
from collections.abc import Awaitable, Callable
from typing import TypeVar

from commands.environment import load_settings
from datasource.metadata.members import get_member
from datasource.metadata.organizations import create_organization, find_organization, list_organizations
from datasource.metadata.projects import get_project
from datasource.metadata.records import MemberRecord, MembershipRecord, OrganizationRecord, ProjectRecord
from datasource.metadata.store import MetadataStore, open_metadata
from errors import BadUserInput, NotFound
from settings import Settings

T = TypeVar("T")

DEFAULT_ORGANIZATION = "Default"
BY_OPTION = "with --organization"


def with_store(action: Callable[[MetadataStore], Awaitable[T]]) -> T:
    """Run the action on the configured store, its tables made or brought up to date first."""
    return asyncio.run(_with_store(load_settings(), action))


async def _with_store(settings: Settings, action: Callable[[MetadataStore], Awaitable[T]]) -> T:
    async with open_metadata(settings) as store:
        await store.migrate()
        return await action(store)


async def ensure_organization(store: MetadataStore, name: str | None) -> OrganizationRecord:
    """The named organization, made when missing; without a name the only one there is, or a first one."""
    if name is not None:
        return await find_organization(store, name=name) or await create_organization(store, name=name)
    return await _sole_organization(store) or await create_organization(store, name=DEFAULT_ORGANIZATION)


async def require_organization(
    store: MetadataStore, name: str | None, *, choice: str = BY_OPTION
) -> OrganizationRecord:
    """The named organization or, without a name, the only one there is; raises NotFound when it is not there.

    `choice` tells how to name one where there are several.
    """
    if name is None:
        found, missing = await _sole_organization(store, choice), "There are no organizations yet."
        hint = "The first project or member makes one: python server.py project create NAME."
    else:
        found, missing = await find_organization(store, name=name), f"There is no organization named {name!r}."
        hint = "List them: python server.py organization list."
    if found is None:
        raise NotFound(missing, hint=hint)
    return found


async def require_project(store: MetadataStore, project_id: int) -> ProjectRecord:
    """Raises NotFound."""
    project = await get_project(store, project_id)
    if project is None:
        raise NotFound(f"There is no project {project_id}.", hint="List them: python server.py project list.")
    return project


async def organization_of(store: MetadataStore, project: ProjectRecord) -> OrganizationRecord:
    """A project's organization."""
    organizations = {each.id: each for each in await list_organizations(store)}
    return organizations[project.organization_id]


async def require_membership(
    store: MetadataStore, email: str, organization: OrganizationRecord
) -> tuple[MemberRecord, MembershipRecord]:
    """Raises NotFound for somebody who is not known, or no member of the organization."""
    member = await get_member(store, email=email)
    membership = member.membership_in(organization.id)
    if membership is None:
        name = shlex.quote(organization.name)
        raise NotFound(
            f"{member.email} is not a member of {organization.name}.",
            hint=f"Add them: python server.py member add {member.email} --organization {name}.",
        )
    return member, membership


async def _sole_organization(store: MetadataStore, choice: str = BY_OPTION) -> OrganizationRecord | None:
    organizations = await list_organizations(store)
    if len(organizations) > 1:
        names = ", ".join(organization.name for organization in organizations)
        raise BadUserInput("There are several organizations.", hint=f"Choose one {choice}: {names}.")
    return organizations[0] if organizations else None
