import asyncio
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from commands.environment import load_settings
from datasource.metadata.engine import is_sqlite, parse_database_url
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


def with_store(action: Callable[[MetadataStore], Awaitable[T]], *, creates: bool = False) -> T:
    """Run the action on the configured metadata store, after upgrading its tables.

    Raises NotFound when there is none, unless the action is one of those that an installation begins with.
    """
    settings = load_settings()
    if not creates:
        require_metadata(settings)
    return asyncio.run(_with_store(settings, action))


def require_metadata(settings: Settings) -> None:
    """Raises NotFound if the metadata store would be a new SQLite file.

    Most commands have nothing to do in an empty store: the data folder is probably another one.
    """
    url = parse_database_url(settings.metadata_url)
    if not is_sqlite(url):
        return
    file = Path(url.database or "").absolute()
    if not file.exists():
        raise NotFound(
            "There is no metadata store at {file}.",
            file=file,
            variable="TRENDGATE_DATA_DIR" if settings.database_url is None else "TRENDGATE_DATABASE_URL",
            hint="Set {variable} to where yours is, or create a project: trendgate project create NAME.",
        )


async def _with_store(settings: Settings, action: Callable[[MetadataStore], Awaitable[T]]) -> T:
    async with open_metadata(settings) as store:
        await store.migrate()
        return await action(store)


async def ensure_organization(store: MetadataStore, name: str | None) -> OrganizationRecord:
    """The named organization, created if needed; without a name the only one, or a default one."""
    if name is not None:
        return await find_organization(store, name=name) or await create_organization(store, name=name)
    return await _sole_organization(store) or await create_organization(store, name=DEFAULT_ORGANIZATION)


async def require_organization(
    store: MetadataStore, name: str | None, *, choice: str = BY_OPTION
) -> OrganizationRecord:
    """The named organization or, without a name, the only one; raises NotFound.

    `choice` says how to name one if there are several.
    """
    if name is None:
        found = await _sole_organization(store, choice)
        if found is None:
            raise NotFound("No organizations yet.", hint="Create a project: trendgate project create NAME.")
    else:
        found = await find_organization(store, name=name)
        if found is None:
            raise NotFound(
                "Organization {name!r} not found.", name=name, hint="List them: trendgate organization list."
            )
    return found


async def require_project(store: MetadataStore, project_id: int) -> ProjectRecord:
    """Raises NotFound."""
    project = await get_project(store, project_id)
    if project is None:
        raise NotFound("Project {id} not found.", id=project_id, hint="List them: trendgate project list.")
    return project


async def organization_of(store: MetadataStore, project: ProjectRecord) -> OrganizationRecord:
    organizations = {each.id: each for each in await list_organizations(store)}
    return organizations[project.organization_id]


async def require_membership(
    store: MetadataStore, email: str, organization: OrganizationRecord
) -> tuple[MemberRecord, MembershipRecord]:
    """Raises NotFound for an unknown person, or one who is not a member of the organization."""
    member = await get_member(store, email=email)
    membership = member.membership_in(organization.id)
    if membership is None:
        raise NotFound(
            "{email} is not a member of {organization}.",
            email=member.email,
            organization=organization.name,
            quoted=shlex.quote(organization.name),
            hint="Add them: trendgate member add {email} --organization {quoted}.",
        )
    return member, membership


async def _sole_organization(store: MetadataStore, choice: str = BY_OPTION) -> OrganizationRecord | None:
    organizations = await list_organizations(store)
    if len(organizations) > 1:
        raise BadUserInput(
            "There are several organizations.",
            choice=choice,
            names=", ".join(organization.name for organization in organizations),
            hint="Choose one {choice}: {names}.",
        )
    return organizations[0] if organizations else None
