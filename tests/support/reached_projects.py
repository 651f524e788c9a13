"""Projects as reached by an admin."""

from datasource.metadata.records import OrganizationLevel, ProjectRecord
from permissions.policy import Policy, Principal
from permissions.reach import ReachedProject


def by_admin(project: ProjectRecord) -> ReachedProject:
    """Return the project as an admin of its organization reaches it."""
    return ReachedProject(project, Policy(Principal("admin", OrganizationLevel.ADMIN), project.id))
