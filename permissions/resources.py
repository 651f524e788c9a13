"""The registry of what access is controlled on: a new kind gains it by one `register(Resource(...))`."""

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
    """A kind of thing that rules are about.

    `name` is also the object of its scopes (`insight:read`). `default` is everyone's level where no rule says
    otherwise. `minimum` and `maximum` bound what a rule may be set to, not what stored rules mean; `maximum` is
    also the level of those whom no rule binds. The resource-wide rules of a `parent` count instead of its own.
    """

    name: str
    ladder: Ladder = OBJECT_LADDER
    default: AccessLevel = AccessLevel.EDITOR
    minimum: AccessLevel = AccessLevel.NONE
    maximum: AccessLevel = AccessLevel.MANAGER
    parent: "Resource | None" = None
    has_resource_rules: bool = True
    """Whether rules may be about all of them at once. Of projects they cannot: each has its own."""
    admins_list_all: bool = False
    """Whether lists show organization admins also what rules hide from everyone."""
    takes_rules: bool = True
    """Whether there are rules at all. About organizations there are none: the membership decides."""
    find: Find | None = field(default=None, compare=False)
    """Looks up saved objects of this kind, many at once, by project and id."""

    @property
    def ruling(self) -> "Resource":
        """The resource whose resource-wide rules count: the parent, or itself."""
        return self.parent or self

    @property
    def read_level(self) -> AccessLevel:
        """What reading takes."""
        return self.ladder[1]

    @property
    def write_level(self) -> AccessLevel:
        """What changing and deleting take."""
        return self.ladder[2]

    @property
    def label(self) -> str:
        """One of them, in words."""
        return self.name.replace("_", " ")

    @property
    def labels(self) -> str:
        """Several of them, in words."""
        return f"{self.label}s"

    def reaches(self, level: AccessLevel | None, required: AccessLevel) -> bool:
        """Whether a level is at least the required one."""
        return reaches(self.ruling.ladder, level, required)


_registry: dict[str, Resource] = {}


def register(resource: Resource) -> Resource:
    """Make it known. Its scopes, its rules and its name in the API come with it."""
    if resource.name in _registry:
        raise ValueError(f"there is a resource {resource.name} already")
    _registry[resource.name] = resource
    return resource


@contextmanager
def registered(*resources: Resource) -> Iterator[None]:
    """The resources are known within the block; a schema built there shows them."""
    for resource in resources:
        register(resource)
    try:
        yield
    finally:
        for resource in resources:
            del _registry[resource.name]


def find_resource(name: str) -> Resource | None:
    """The resource of that name, if there is one."""
    return _registry.get(name)


def known_resources() -> tuple[Resource, ...]:
    """Every registered resource, in the order of registration."""
    return tuple(_registry.values())


def controlled_resources() -> tuple[Resource, ...]:
    """Those that rules can be about."""
    return tuple(resource for resource in _registry.values() if resource.takes_rules)


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


def check_level(resource: Resource, level: AccessLevel) -> None:
    """Raises BadUserInput at ("accessLevel",) for a level off the resource's ladder or beyond its bounds."""
    ladder = resource.ladder
    if level not in ladder:
        levels = ", ".join(each.value for each in ladder)
        raise BadUserInput(
            f"{level.value} is no access level of {resource.labels}; those are {levels}.", path=("accessLevel",)
        )
    if ladder.index(level) < ladder.index(resource.minimum):
        raise BadUserInput(
            f"{level.value} is below the minimum of {resource.labels}, which is {resource.minimum.value}.",
            path=("accessLevel",),
        )
    if ladder.index(level) > ladder.index(resource.maximum):
        raise BadUserInput(
            f"{level.value} is above the maximum of {resource.labels}, which is {resource.maximum.value}.",
            path=("accessLevel",),
        )
