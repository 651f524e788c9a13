"""The target and the subject of an access rule, from the options of a command."""

import shlex
from dataclasses import dataclass

from commands.metadata import organization_of, require_membership, require_project
from commands.role import require_role
from datasource.metadata.access_controls import RuleKey
from datasource.metadata.records import (
    MemberRecord,
    MembershipRecord,
    OrganizationRecord,
    ProjectRecord,
    RoleRecord,
    SavedRecord,
)
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, ErrorCode, GatewayError, NotFound
from permissions.resources import PROJECT, Resource, controlled_resources, find_resource

RESOURCES = ", ".join(resource.name for resource in controlled_resources())


@dataclass(frozen=True, slots=True)
class Target:
    """A whole resource of a project or, with an id, one object: `record`, or the project itself."""

    project: ProjectRecord
    organization: OrganizationRecord
    resource: Resource
    resource_id: str | None
    record: SavedRecord | None = None

    def __str__(self) -> str:
        where = f"project {self.project.id} ({self.project.name})"
        if self.resource is PROJECT:
            return where
        if self.record is None:
            return f"all {self.resource.labels} of {where}"
        return f"{self.resource.label} {self.record.id} ({self.record.name}) of {where}"


@dataclass(frozen=True, slots=True)
class Subject:
    """A member, a role or, with neither, everyone in the project."""

    member: MemberRecord | None = None
    membership: MembershipRecord | None = None
    role: RoleRecord | None = None

    def __str__(self) -> str:
        if self.member is not None:
            return self.member.email
        return "everyone" if self.role is None else f"role {self.role.name}"


def rule_key(target: Target, subject: Subject) -> RuleKey:
    return RuleKey(
        project_id=target.project.id,
        resource=target.resource.name,
        resource_id=target.resource_id,
        member_id=subject.membership.id if subject.membership else None,
        role_id=subject.role.id if subject.role else None,
    )


async def find_target(store: MetadataStore, project_id: int, resource_name: str, object_id: int | None) -> Target:
    """Raises BadUserInput for a resource without access rules, NotFound for an unknown project or object."""
    resource = read_resource(resource_name)
    project = await require_project(store, project_id)
    organization = await organization_of(store, project)
    if resource is PROJECT:
        # The project is an option already, so its id need not be repeated.
        if object_id not in (None, project.id):
            raise BadUserInput(
                "--id {id} does not match --project {project}.",
                id=object_id,
                project=project.id,
                hint="Omit --id for the rules of a project: --project selects it.",
            )
        return Target(project, organization, resource, str(project.id))
    if object_id is None:
        return Target(project, organization, resource, None)
    key = (project.id, object_id)
    found = {} if resource.find is None else await resource.find(store, [key])
    if key not in found:
        raise NotFound(
            "Project {project} has no {label} {id}.",
            project=project.id,
            label=resource.label,
            id=object_id,
            labels=resource.labels,
            hint="Omit --id for a rule about all {labels}.",
        )
    return Target(project, organization, resource, str(object_id), found[key])


def read_resource(name: str) -> Resource:
    """Raises BadUserInput for an unknown resource, or one without access rules."""
    resource = find_resource(name)
    if resource is None or not resource.takes_rules:
        raise BadUserInput(
            "Invalid resource {name!r}.", name=name, resources=RESOURCES, hint="Valid resources: {resources}."
        )
    return resource


async def find_subject(
    store: MetadataStore, organization: OrganizationRecord, email: str | None, role: str | None
) -> Subject:
    """Raises BadUserInput for both, NotFound for a member or role that the organization does not have, and
    FORBIDDEN for a role while roles are off."""
    if email is not None and role is not None:
        raise BadUserInput(
            "A rule is for a member or a role, not both.", hint="Omit --member, --role, or both for everyone."
        )
    if email is not None:
        return Subject(*await require_membership(store, email, organization))
    if role is None:
        return Subject()
    if not organization.features.role_based_access:
        raise GatewayError(
            ErrorCode.FORBIDDEN,
            "Roles are off in {organization}.",
            organization=organization.name,
            quoted=shlex.quote(organization.name),
            hint="Turn them on: trendgate organization update {quoted} --roles.",
        )
    return Subject(role=await require_role(store, role, organization))
