"""The enums of access control and of the audit log."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Union

from strawberry.types.enum import EnumValue, StrawberryEnumDefinition

from datasource.metadata.audit import ActorKind, AuditAction
from datasource.metadata.records import AccessLevel
from permissions.policy import AccessSource, Source, SubjectKind
from permissions.resources import Resource, controlled_resources, find_resource
from resolvers.explain_access import ResourceAction
from schema.enums import publish

publish(
    AccessLevel,
    "An access level. Projects: NONE < MEMBER < ADMIN. Everything else: NONE < VIEWER < EDITOR < MANAGER.",
    {
        "NONE": "No access.",
        "MEMBER": "On a project: may work in it.",
        "ADMIN": "On a project: may also change its settings and, if given explicitly, its access rules.",
        "VIEWER": "May read the object.",
        "EDITOR": "May also change and delete it.",
        "MANAGER": "May also change its access rules.",
    },
)

publish(
    Source,
    "Where an access level comes from.",
    {
        "OBJECT": "A rule of the object itself.",
        "RESOURCE": "A rule for the whole kind of resource.",
        "PARENT_RESOURCE": "A rule for the kind of resource that this one inherits from.",
        "SYSTEM_DEFAULT": "The default, because no rule applies.",
        "CREATOR": "The caller created the object.",
        "ORG_ADMIN": "The caller is an admin or owner of the organization.",
        "ORG_MEMBERSHIP": "The caller is a member of the organization.",
        "PROJECT_KEY": "The API key belongs to the project.",
    },
    name="AccessGrantSource",
)

publish(
    SubjectKind,
    "Whom a rule applies to.",
    {
        "MEMBER": "One member.",
        "ROLE": "All members with a role.",
        "DEFAULT": "Everyone in the project.",
    },
    name="AccessSubject",
)

publish(
    AccessSource,
    "Why a member has access to an object.",
    {
        "CREATOR": "The member created it.",
        "ORGANIZATION_ADMIN": "The member is an admin or owner of the organization.",
        "EXPLICIT_MEMBER": "A rule of the object names the member.",
        "EXPLICIT_ROLE": "A rule of the object names one of the member's roles.",
        "PROJECT_ADMIN": "A rule of the project names the member.",
        "DEFAULT": "None of the above: the member has what everyone has.",
    },
)

publish(
    ResourceAction,
    "An action on a resource.",
    {
        "READ": "Read it.",
        "QUERY": "Run a trend query; for INSIGHT only.",
        "CREATE": "Create one.",
        "WRITE": "Change or delete it.",
        "EDIT_ACCESS": "Change its access rules.",
    },
)

publish(
    AuditAction,
    "What was changed.",
    {
        "ACCESS_CONTROL_SET": "An access rule was created or changed.",
        "ACCESS_CONTROL_REMOVED": "An access rule was removed.",
        "KEY_CREATED": "An API key was created.",
        "KEY_UPDATED": "The label, the scopes or the expiry of an API key changed.",
        "KEY_ROLLED": "An API key was given a new value.",
        "KEY_REVOKED": "An API key was revoked.",
        "ROLE_CREATED": "A role was created.",
        "ROLE_DELETED": "A role was deleted.",
        "ROLE_MEMBER_ADDED": "A member was added to a role.",
        "ROLE_MEMBER_REMOVED": "A member was removed from a role.",
        "MEMBER_ADDED": "A member joined the organization.",
        "MEMBER_CHANGED": "A member's level changed, or the member was activated or deactivated.",
        "MEMBER_REMOVED": "A member was removed from the organization.",
        "ORGANIZATION_CHANGED": "A feature of the organization was switched on or off.",
    },
)

publish(
    ActorKind,
    "How a change was made.",
    {"API_KEY": "Through the API.", "COMMAND_LINE": "By the operator, on the command line."},
)


class ResourceName(str):
    """The name of a resource, as in its rules and scopes; the value of the enum."""

    __slots__ = ()

    @property
    def value(self) -> str:
        return str(self)

    @property
    def resource(self) -> Resource:
        resource = find_resource(self)
        if resource is None:
            raise LookupError(f"the resource {self} is not registered any more")
        return resource


class _RegisteredResources(StrawberryEnumDefinition):
    """An enum with a value for each resource that is registered when a schema is built."""

    @property
    def values(self) -> list[EnumValue]:
        return list(self._values())

    @values.setter
    def values(self, _: object) -> None:
        """Ignore them: the registry has the values."""

    def __or__(self, other: object) -> object:
        return Union[self, other]  # noqa: UP007 - what `|` of two types is, for something that is no type

    @staticmethod
    def _values() -> Iterator[EnumValue]:
        for resource in controlled_resources():
            levels = " < ".join(level.name for level in resource.ladder)
            yield EnumValue(
                resource.name.upper(),
                ResourceName(resource.name),
                description=f"{resource.labels.capitalize()}, with the levels {levels}.",
            )


if TYPE_CHECKING:
    AccessControlledResource = ResourceName
else:
    AccessControlledResource = _RegisteredResources(
        ResourceName,
        "AccessControlledResource",
        [],
        description="The kinds of resources whose access can be controlled.",
    )
