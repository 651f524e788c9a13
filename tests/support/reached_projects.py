"""Projects as somebody meets them whom no rule binds."""

from datasource.metadata.records import OrganizationLevel, ProjectRecord
from permissions.policy import Policy, Principal
from permissions.reach import ReachedProject


def by_admin(project: ProjectRecord) -> ReachedProject:
    """The project as an admin of its organization meets it."""
    return ReachedProject(project, Policy(Principal("admin", OrganizationLevel.ADMIN), project.id))
