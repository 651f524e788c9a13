"""Listing an organization's members and roles, to give them access."""

from datasource.metadata import roles
from datasource.metadata.members import email_key
from datasource.metadata.names import search_key
from datasource.metadata.records import MemberRecord, RoleRecord
from resolvers.context import RequestContext
from resolvers.saved import check_page


async def list_members(
    context: RequestContext, organization_id: str, *, first: int, search: str | None
) -> list[MemberRecord]:
    """List active members whose email or name contains `search`, ordered by email.

    Raises BadUserInput for arguments out of range.
    """
    needle = search_key(check_page(first, search))
    members = await context.loaders.organization_members.load(organization_id)
    found = [each for each in members if needle in search_key(each.email) or needle in search_key(each.name)]
    return sorted(found, key=lambda member: email_key(member.email))


async def list_roles(context: RequestContext, organization_id: str) -> tuple[RoleRecord, ...]:
    """List roles, ordered by name."""
    return await roles.list_roles(context.store, organization_id)
