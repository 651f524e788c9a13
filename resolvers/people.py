"""The people and roles of an organization, for whoever gives them access."""

from datasource.metadata import roles
from datasource.metadata.members import email_key
from datasource.metadata.records import MemberRecord, RoleRecord
from datasource.metadata.saved import search_key
from resolvers.context import RequestContext
from resolvers.saved import check_page


async def list_members(
    context: RequestContext, organization_id: str, *, first: int, search: str | None
) -> list[MemberRecord]:
    """Every active member whose address or name has the text in it, by address.

    Raises BadUserInput for arguments out of range.
    """
    wanted = search_key(check_page(first, search))
    members = await context.loaders.organization_members.load(organization_id)
    found = [each for each in members if wanted in search_key(each.email) or wanted in search_key(each.name)]
    return sorted(found, key=lambda member: email_key(member.email))


async def list_roles(context: RequestContext, organization_id: str) -> tuple[RoleRecord, ...]:
    """By name."""
    return await roles.list_roles(context.store, organization_id)
