"""Reading the audit log."""

from datasource.metadata.audit import AuditPage, list_audit_log
from permissions.enforce import check_may_modify
from permissions.reach import ReachedProject
from permissions.resources import PROJECT
from resolvers.context import RequestContext
from resolvers.saved import check_page


async def read_audit_log(
    context: RequestContext, project: ReachedProject, *, first: int, after: int | None
) -> AuditPage:
    """List changes that concern the project and have an id less than `after`, newest first.

    Raises FORBIDDEN unless the caller may change the project's access rules, and BadUserInput for an invalid
    `first`.
    """
    check_page(first, None)
    check_may_modify(project.policy, PROJECT, project.policy.project)
    record = project.record
    return await list_audit_log(
        context.store, record.organization_id, first=first, after=after, project_id=record.id
    )
