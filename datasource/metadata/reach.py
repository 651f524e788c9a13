"""The projects that a key can access: those of its owner's organizations, restricted by the key's scope."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from datasource.metadata.access_controls import rules_for
from datasource.metadata.models import LARGEST_PROJECT_ID, Project
from datasource.metadata.projects import read_projects, select_projects
from datasource.metadata.records import ProjectPage, ProjectRecord, RuleRecord
from datasource.metadata.store import MetadataStore


@dataclass(frozen=True, slots=True)
class Reach:
    """The projects of some organizations, restricted to `project_ids`. None means no restriction."""

    organization_ids: frozenset[str] | None
    project_ids: frozenset[int] | None


@dataclass(frozen=True, slots=True)
class RuledProject:
    """A project with the access rules that apply to a caller."""

    record: ProjectRecord
    rules: tuple[RuleRecord, ...]


async def projects_in_reach(
    store: MetadataStore,
    reach: Reach,
    *,
    first: int,
    after: int | None = None,
    offset: int = 0,
    hidden: Collection[int] = (),
) -> ProjectPage:
    """List the first projects with an id above `after`, by id, without the hidden ones and the first `offset`."""
    conditions = _within(reach)
    if hidden:
        conditions.append(Project.id.not_in(sorted(hidden)))
    page = select_projects().where(*conditions).order_by(Project.id).limit(first + 1).offset(offset)
    if after is not None:
        page = page.where(Project.id > min(max(after, 0), LARGEST_PROJECT_ID))
    async with store.read() as session:
        total = await session.scalar(select(func.count()).select_from(Project).where(*conditions))
        records = await read_projects(session, page)
    return ProjectPage(projects=records[:first], total=total or 0, has_next=len(records) > first)


async def ruled_projects(
    store: MetadataStore, reach: Reach, project_ids: Collection[int], membership_ids: Collection[str]
) -> dict[int, RuledProject]:
    """Load many projects with the rules that apply to the memberships, in two statements.

    The result has no entry for a project out of reach.
    """
    possible = sorted({project_id for project_id in project_ids if 0 < project_id <= LARGEST_PROJECT_ID})
    if not possible:
        return {}
    async with store.read() as session:
        records = await read_projects(session, select_projects().where(Project.id.in_(possible), *_within(reach)))
        found = [record.id for record in records]
        rules = await rules_for(session, found, membership_ids) if found else {}
    return {record.id: RuledProject(record, tuple(rules.get(record.id, ()))) for record in records}


async def rules_of_projects(
    store: MetadataStore, project_ids: Collection[int], membership_ids: Collection[str]
) -> dict[int, list[RuleRecord]]:
    """Load the rules of each project that apply to the memberships, in one statement."""
    if not project_ids:
        return {}
    async with store.read() as session:
        return await rules_for(session, project_ids, membership_ids)


async def rules_about_projects(
    store: MetadataStore, reach: Reach, membership_ids: Collection[str]
) -> dict[int, tuple[str, list[RuleRecord]]]:
    """Load the organization of each project in reach, and the rules about the project itself that apply.

    The result has no entry for a project without such rules.
    """
    projects = select(Project.id).where(*_within(reach))
    async with store.read() as session:
        rules = await rules_for(session, projects, membership_ids, resource="project")
        named = select(Project.id, Project.organization_id).where(Project.id.in_(sorted(rules)))
        rows = (await session.execute(named)).all() if rules else ()
    return {project_id: (organization_id, rules[project_id]) for project_id, organization_id in rows}


def _within(reach: Reach) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if reach.organization_ids is not None:
        conditions.append(Project.organization_id.in_(sorted(reach.organization_ids)))
    if reach.project_ids is not None:
        conditions.append(Project.id.in_(sorted(reach.project_ids)))
    return conditions
