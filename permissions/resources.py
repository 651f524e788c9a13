"""The registry of resources with access control; a new kind joins with one `register(Resource(...))`."""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from datasource.metadata.actions import ACTION_REPOSITORY
from datasource.metadata.cohorts import COHORT_REPOSITORY
from datasource.metadata.insights import INSIGHT_REPOSITORY
from datasource.metadata.records import AccessLevel, SavedRecord
from datasource.metadata.saved import SavedKey
from datasource.metadata.store import MetadataStore
from errors import BadUserInput
from permissions.levels import MEMBERSHIP_LADDER, OBJECT_LADDER, Ladder, reaches

Find = Callable[[MetadataStore, Collection[SavedKey]], Awaitable[Mapping[SavedKey, SavedRecord]]]


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object that rules apply to.

    `name` is also the object of its scopes (`insight:read`). `default` is the level without a rule. `minimum` and
    `maximum` limit what a rule can be set to, not the effect of stored rules; `maximum` is also the level of
    admins and creators. The resource-wide rules of a `parent` replace its own.
    """

    name: str
    ladder: Ladder = OBJECT_LADDER
    default: AccessLevel = AccessLevel.EDITOR
    minimum: AccessLevel = AccessLevel.NONE
    maximum: AccessLevel = AccessLevel.MANAGER
    parent: "Resource | None" = None
    has_resource_rules: bool = True
    """Whether rules may apply to the whole resource. Projects have rules of single projects only."""
    admins_list_all: bool = False
    """Whether lists show organization admins what rules hide from everyone."""
    takes_rules: bool = True
    """Whether there are rules at all. Organizations have none: the membership decides."""
    find: Find | None = field(default=None, compare=False)
    """Loads saved objects of this kind by project and id."""

    @property
    def ruling(self) -> "Resource":
        """The resource whose resource-wide rules apply: the parent, or itself."""
        return self.parent or self

    @property
    def read_level(self) -> AccessLevel:
        """The level to read an object."""
        return self.ladder[1]

    @property
    def write_level(self) -> AccessLevel:
        """The level to change or delete an object."""
        return self.ladder[2]

    @property
    def label(self) -> str:
        """The singular, in words."""
        return self.name.replace("_", " ")

    @property
    def labels(self) -> str:
        """The plural, in words."""
        return f"{self.label}s"

    def reaches(self, level: AccessLevel | None, required: AccessLevel) -> bool:
        """Return whether a level is at least the required one."""
        return reaches(self.ruling.ladder, level, required)


_registry: dict[str, Resource] = {}


def register(resource: Resource) -> Resource:
    """Register a resource, which also adds its scopes and its value of the API's enum."""
    if resource.name in _registry:
        raise ValueError(f"the resource {resource.name} is already registered")
    _registry[resource.name] = resource
    return resource


@contextmanager
def registered(*resources: Resource) -> Iterator[None]:
    """Register resources within the block; a schema built there includes them."""
    for resource in resources:
        register(resource)
    try:
        yield
    finally:
        for resource in resources:
            del _registry[resource.name]


def find_resource(name: str) -> Resource | None:
    return _registry.get(name)


def known_resources() -> tuple[Resource, ...]:
    """Return all registered resources, in the order of registration."""
    return tuple(_registry.values())


def controlled_resources() -> tuple[Resource, ...]:
    """Return the resources that can have rules."""
    return tuple(resource for resource in _registry.values() if resource.takes_rules)


def check_level(resource: Resource, level: AccessLevel) -> None:
    """Raise BadUserInput at ("access_level",) for a level that a rule of the resource cannot have."""
    ladder, path = resource.ladder, ("access_level",)
    if level not in ladder:
        raise BadUserInput(
            "{resources} have no access level {level}; valid levels: {levels}.",
            resources=resource.labels.capitalize(),
            level=level,
            levels=ladder,
            path=path,
        )
    if ladder.index(level) < ladder.index(resource.minimum):
        raise BadUserInput(
            "{level} is below {minimum}, the minimum for {resources}.",
            level=level,
            minimum=resource.minimum,
            resources=resource.labels,
            path=path,
        )
    if ladder.index(level) > ladder.index(resource.maximum):
        raise BadUserInput(
            "{level} is above {maximum}, the maximum for {resources}.",
            level=level,
            maximum=resource.maximum,
            resources=resource.labels,
            path=path,
        )


ORGANIZATION = register(
    Resource(
        "organization",
        ladder=MEMBERSHIP_LADDER,
        default=AccessLevel.MEMBER,
        maximum=AccessLevel.ADMIN,
        has_resource_rules=False,
        takes_rules=False,
    )
)
PROJECT = register(
    Resource(
        "project",
        ladder=MEMBERSHIP_LADDER,
        default=AccessLevel.ADMIN,
        maximum=AccessLevel.ADMIN,
        has_resource_rules=False,
        admins_list_all=True,
    )
)
INSIGHT = register(Resource("insight", find=INSIGHT_REPOSITORY.find))
ACTION = register(Resource("action", minimum=AccessLevel.VIEWER, find=ACTION_REPOSITORY.find))
COHORT = register(Resource("cohort", find=COHORT_REPOSITORY.find))
