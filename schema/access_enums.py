"""The enums of access control, as clients see them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Union

from strawberry.types.enum import EnumValue, StrawberryEnumDefinition

from datasource.metadata.audit import ActorKind, AuditAction
from datasource.metadata.records import AccessLevel
from permissions.policy import AccessSource, Source, SubjectKind
from permissions.resources import Resource, controlled_resources, find_resource
from resolvers.rights import ResourceAction
from schema.enums import publish

publish(
    AccessLevel,
    "project: NONE < MEMBER < ADMIN. Everything else: NONE < VIEWER < EDITOR < MANAGER.",
    {
        "NONE": "No access.",
        "MEMBER": "Of a project: may work in it.",
        "ADMIN": "Of a project: may also change its settings; given explicitly, also edit who has access.",
        "VIEWER": "May read.",
        "EDITOR": "May also change and delete.",
        "MANAGER": "May also edit who has access.",
    },
)

publish(
    Source,
    "Where an access level comes from.",
    {
        "OBJECT": "An access control of the object itself.",
        "RESOURCE": "An access control of the whole kind of resource.",
        "PARENT_RESOURCE": "An access control of the kind of resource that this one inherits from.",
        "SYSTEM_DEFAULT": "No access control says otherwise.",
        "CREATOR": "Having made the object.",
        "ORG_ADMIN": "Being an admin or owner of the organization.",
        "ORG_MEMBERSHIP": "Being a member of the organization.",
        "PROJECT_KEY": "The API key is the project's own.",
    },
    name="AccessGrantSource",
)

publish(
    SubjectKind,
    "Whom an access control is about.",
    {
        "MEMBER": "One member.",
        "ROLE": "The members who have a role.",
        "DEFAULT": "Everyone in the project.",
    },
    name="AccessSubject",
)

publish(
    AccessSource,
    "Why somebody has access to an object.",
    {
        "CREATOR": "They made it.",
        "ORGANIZATION_ADMIN": "They are an admin or owner of the organization.",
        "EXPLICIT_MEMBER": "An access control of the object names them.",
        "EXPLICIT_ROLE": "An access control of the object names a role of theirs.",
        "PROJECT_ADMIN": "An access control of the project names them.",
        "DEFAULT": "Nothing of the above: what everyone has.",
    },
)

publish(
    ResourceAction,
    "What somebody wants to do.",
    {
        "READ": "See it.",
        "QUERY": "Ask for trends; goes with INSIGHT.",
        "CREATE": "Make a new one.",
        "WRITE": "Change or delete it.",
        "EDIT_ACCESS": "Change who has access.",
    },
)

publish(
    AuditAction,
    "What was changed.",
    {
        "ACCESS_CONTROL_SET": "An access control was given or changed.",
        "ACCESS_CONTROL_REMOVED": "An access control was removed.",
        "KEY_CREATED": "An API key was made.",
        "KEY_ROLLED": "An API key got another value.",
        "KEY_REVOKED": "An API key was revoked.",
        "ROLE_CREATED": "A role was made.",
        "ROLE_DELETED": "A role was deleted.",
        "ROLE_MEMBER_ADDED": "A member was given a role.",
        "ROLE_MEMBER_REMOVED": "A role was taken from a member.",
        "MEMBER_ADDED": "Somebody became a member of the organization.",
        "MEMBER_CHANGED": "A member's level changed, or they were activated or deactivated.",
        "MEMBER_REMOVED": "Somebody is no member of the organization any more.",
        "ORGANIZATION_CHANGED": "A feature of the organization was switched on or off.",
    },
)

publish(
    ActorKind,
    "How a change was made.",
    {"API_KEY": "Through the API.", "COMMAND_LINE": "By the operator, on the command line."},
)


class ResourceName(str):
    """A resource in the API, by the name that its rules and scopes have."""

    __slots__ = ()

    @property
    def value(self) -> str:
        return str(self)

    @property
    def resource(self) -> Resource:
        """The registered resource; a schema knows no other names."""
        resource = find_resource(self)
        if resource is None:
            raise LookupError(f"the resource {self} is not registered any more")
        return resource


class _RegisteredResources(StrawberryEnumDefinition):
    """An enum whose values are the registry's at the moment when a schema is built."""

    @property
    def values(self) -> list[EnumValue]:
        return list(self._values())

    @values.setter
    def values(self, _: object) -> None:
        """The registry alone has them."""

    def __or__(self, other: object) -> object:
        return Union[self, other]  # noqa: UP007 - what `|` of two types is, for something that is no type

    @staticmethod
    def _values() -> Iterator[EnumValue]:
        for resource in controlled_resources():
            levels = " < ".join(level.name for level in resource.ladder)
            yield EnumValue(
                resource.name.upper(),
                ResourceName(resource.name),
                description=f"{resource.labels.capitalize()}: {levels}.",
            )


if TYPE_CHECKING:
    AccessControlledResource = ResourceName
else:
    AccessControlledResource = _RegisteredResources(
        ResourceName,
        "AccessControlledResource",
        [],
        description="The kinds of resources whose access can be controlled, each with its levels.",
    )
