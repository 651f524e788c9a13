"""Two projects of one organization, for tests of the objects saved in them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from datasource.metadata.members import ensure_member
from datasource.metadata.projects import ensure_project
from datasource.metadata.store import MetadataStore

MADE = datetime(2020, 1, 15, 13, 5, 1, tzinfo=UTC)
LATER = datetime(2020, 2, 1, tzinfo=UTC)
TOO_LARGE = (0, -1, 2**31, 2**63, 10**30)


@dataclass(frozen=True)
class Projects:
    shop: int
    other: int
    user: str


async def seed_projects(store: MetadataStore) -> Projects:
    project = await ensure_project(store, organization="Acme", name="shop")
    other = await ensure_project(store, organization="Acme", name="other")
    member = await ensure_member(store, email="ada@example.com", organization_id=project.organization_id)
    return Projects(project.id, other.id, member.id)
