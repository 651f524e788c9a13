import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from commands.refusals import load_settings
from datasource.metadata.organizations import create_organization, find_organization, list_organizations
from datasource.metadata.records import OrganizationRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput

Answer = TypeVar("Answer")

DEFAULT_ORGANIZATION = "Default"


def with_store(action: Callable[[MetadataStore], Awaitable[Answer]]) -> Answer:
    """Run the action on the configured store, its tables made or brought up to date first."""
    return asyncio.run(_with_store(load_settings().metadata_url, action))


async def _with_store(url: str, action: Callable[[MetadataStore], Awaitable[Answer]]) -> Answer:
    async with MetadataStore.open(url) as store:
        await store.migrate()
        return await action(store)


async def choose_organization(store: MetadataStore, name: str | None) -> OrganizationRecord:
    """The named organization, made when missing; without a name the only one there is, or a first one."""
    if name is not None:
        return await find_organization(store, name=name) or await create_organization(store, name=name)
    organizations = await list_organizations(store)
    if len(organizations) > 1:
        names = ", ".join(organization.name for organization in organizations)
        raise BadUserInput("There are several organizations.", hint=f"Choose one with --organization: {names}.")
    return organizations[0] if organizations else await create_organization(store, name=DEFAULT_ORGANIZATION)
