"""Which projects a key reaches: those of its owner's organizations, narrowed by what the key is scoped to."""

from collections.abc import Collection
from typing import Protocol

from sqlalchemy import ColumnElement, func, select

from datasource.metadata.models import LARGEST_PROJECT_ID, Project
from datasource.metadata.projects import read_projects, select_projects
from datasource.metadata.records import MemberRecord, ProjectPage, ProjectRecord
from datasource.metadata.store import MetadataStore


class Reaching(Protocol):
    """Who asks, as far as reach goes."""

    @property
    def user(self) -> MemberRecord: ...
    @property
    def scoped_projects(self) -> tuple[int, ...] | None: ...
    @property
    def scoped_organizations(self) -> tuple[str, ...] | None: ...


async def projects_in_reach(
    store: MetadataStore, caller: Reaching, *, first: int, after: int | None = None
) -> ProjectPage:
    """The first projects with an id greater than `after`, by ascending id."""
    conditions = _within_reach(caller)
    page = select_projects().where(*conditions).order_by(Project.id).limit(first + 1)
    if after is not None:
        page = page.where(Project.id > min(max(after, 0), LARGEST_PROJECT_ID))
    async with store.read() as session:
        total = await session.scalar(select(func.count()).select_from(Project).where(*conditions))
        records = await read_projects(session, page)
    return ProjectPage(projects=records[:first], total=total or 0, has_next=len(records) > first)


async def project_in_reach(store: MetadataStore, caller: Reaching, project_id: int) -> ProjectRecord | None:
    """None both for a project that does not exist and for one that the caller must not know of."""
    found = await projects_in_reach_by_id(store, caller, (project_id,))
    return found.get(project_id)


async def projects_in_reach_by_id(
    store: MetadataStore, caller: Reaching, project_ids: Collection[int]
) -> dict[int, ProjectRecord]:
    """Many at once, for batched look-ups; what is out of reach is absent from the answer."""
    possible = {project_id for project_id in project_ids if 0 < project_id <= LARGEST_PROJECT_ID}
    if not possible:
        return {}
    async with store.read() as session:
        query = select_projects().where(Project.id.in_(sorted(possible)), *_within_reach(caller))
        return {project.id: project for project in await read_projects(session, query)}


def _within_reach(caller: Reaching) -> tuple[ColumnElement[bool], ...]:
    organizations = set(caller.user.organization_ids)
    if caller.scoped_organizations is not None:
        organizations &= set(caller.scoped_organizations)
    in_organizations = Project.organization_id.in_(sorted(organizations))
    if caller.scoped_projects is None:
        return (in_organizations,)
    return (in_organizations, Project.id.in_(sorted(caller.scoped_projects)))
