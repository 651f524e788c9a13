"""What the keys of members can access, and what they lose with a membership."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from datasource.metadata.models import ApiKey, Membership, Project

OrganizationOrProject = tuple[str, int | None]
"""An organization's id, with the id of one of its projects or None."""


async def key_reach(session: AsyncSession, key: ApiKey) -> list[OrganizationOrProject]:
    """The projects that the key is restricted to, otherwise its organizations."""
    projects = [key.project_id] if key.project_id is not None else key.scoped_projects
    mine = set(await session.scalars(select(Membership.organization_id).where(Membership.user_id == key.user_id)))
    mine -= set(key.lost_organizations or ())
    if key.scoped_organizations is not None:
        mine &= set(key.scoped_organizations)
    if projects is None:
        return [(organization_id, None) for organization_id in sorted(mine)]
    named = select(Project.organization_id, Project.id).where(Project.id.in_(projects)).order_by(Project.id)
    return [
        (organization_id, project_id)
        for organization_id, project_id in await session.execute(named)
        if key.project_id is not None or organization_id in mine
    ]


async def withdraw_keys(session: AsyncSession, user_id: str, organization_id: str, at: datetime) -> list[ApiKey]:
    """Take an organization from the keys of a member who was removed from it, even if they are added again.

    Returns the keys that can access nothing else, which are refused from now on.
    """
    usable = (ApiKey.revoked_at.is_(None), ApiKey.owner_removed_at.is_(None))
    query = select(ApiKey).where(ApiKey.user_id == user_id, *usable).order_by(ApiKey.created_at, ApiKey.id)
    refused = []
    for key in (await session.scalars(query.with_for_update())).all():
        key.lost_organizations = sorted({*(key.lost_organizations or ()), organization_id})
        if not await key_reach(session, key):
            key.owner_removed_at = at
            refused.append(key)
    return refused
