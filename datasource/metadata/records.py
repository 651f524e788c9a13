"""What leaves the metadata store: plain frozen values, so that nothing outside holds a session."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Generic, TypeVar


class OrganizationLevel(IntEnum):
    """A person's level in an organization; greater means more. The gaps leave room for levels between."""

    MEMBER = 1
    ADMIN = 8
    OWNER = 15


class AccessLevel(StrEnum):
    """What somebody may do with a resource. Which levels it has, and their order, is the resource's part."""

    NONE = "none"
    MEMBER = "member"
    ADMIN = "admin"
    VIEWER = "viewer"
    EDITOR = "editor"
    MANAGER = "manager"


class WeekStartDay(StrEnum):
    SUNDAY = "SUNDAY"
    MONDAY = "MONDAY"


@dataclass(frozen=True, slots=True)
class OrganizationFeatures:
    """What an organization has switched on. Rules stay stored while a feature is off, and mean nothing then."""

    access_control: bool = True
    role_based_access: bool = True
    member_keys: bool = True
    """Whether keys of members below admin are accepted."""


@dataclass(frozen=True, slots=True)
class OrganizationRecord:
    id: str
    name: str
    created_at: datetime
    features: OrganizationFeatures = OrganizationFeatures()


@dataclass(frozen=True, slots=True)
class MembershipRecord:
    id: str
    organization_id: str
    organization_name: str
    level: OrganizationLevel
    features: OrganizationFeatures = OrganizationFeatures()


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """A person, with their memberships ordered by the organization's name."""

    id: str
    email: str
    name: str
    is_active: bool
    created_at: datetime
    memberships: tuple[MembershipRecord, ...]

    @property
    def organization_ids(self) -> tuple[str, ...]:
        return tuple(membership.organization_id for membership in self.memberships)

    def membership_in(self, organization_id: str) -> MembershipRecord | None:
        for membership in self.memberships:
            if membership.organization_id == organization_id:
                return membership
        return None

    def level_in(self, organization_id: str) -> OrganizationLevel | None:
        membership = self.membership_in(organization_id)
        return membership.level if membership else None

    @property
    def highest_level(self) -> OrganizationLevel | None:
        return max((membership.level for membership in self.memberships), default=None)


@dataclass(frozen=True, slots=True)
class GroupTypeRecord:
    index: int
    name: str


@dataclass(frozen=True, slots=True)
class ProjectRecord:
    """A project; `id` is also the tenant number of its events in ClickHouse."""

    id: int
    organization_id: str
    name: str
    timezone: str
    week_start_day: WeekStartDay
    test_account_filters: tuple[Mapping[str, object], ...]
    group_types: tuple[GroupTypeRecord, ...]
    created_at: datetime
    data_version: int = 0
    is_changing: bool = False


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """Some of the projects in reach, by ascending id; `total` counts all of them."""

    projects: tuple[ProjectRecord, ...]
    total: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class RoleRecord:
    """A named group of members of one organization."""

    id: str
    organization_id: str
    name: str


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """An access control: the level of a subject on an object or, without `resource_id`, on the whole resource.

    The subject is a membership, a role or, without either, everyone in the project; never both.
    """

    id: str
    project_id: int
    resource: str
    resource_id: str | None
    member_id: str | None
    role_id: str | None
    access_level: AccessLevel
    created_by: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An API key without its value, of which the store keeps only a hash and this mask.

    It belongs to a person or to a project, so exactly one of `user_id` and `project_id` is set.
    `scoped_projects` and `scoped_organizations` narrow what a person's key reaches; None: no narrowing.
    """

    id: str
    user_id: str | None
    project_id: int | None
    label: str
    description: str
    mask: str
    scopes: tuple[str, ...]
    scoped_projects: tuple[int, ...] | None
    scoped_organizations: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_rolled_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnedKey:
    """A key with the person it belongs to, None for a project's."""

    key: KeyRecord
    owner: MemberRecord | None


@dataclass(frozen=True, slots=True)
class SavedRecord:
    """What a member saved in a project; `created_by` is a user's id, None when that user is gone."""

    id: int
    project_id: int
    name: str
    description: str
    created_by: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ActionRecord(SavedRecord):
    """A saved action; its steps are JSON in the form of the input, with every field."""

    steps: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class InsightRecord(SavedRecord):
    """A saved trend; `query` is the JSON that a client sent."""

    query: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CohortRecord(SavedRecord):
    """A saved cohort; its groups are JSON in the form of the input, with every field; a static one has none.

    `version` names the calculation whose members count, 0 before the first; `size` is how many they were.
    `error` tells why a later calculation failed, None when none did.
    """

    is_static: bool
    groups: tuple[Mapping[str, object], ...]
    version: int
    size: int
    calculated_at: datetime | None
    error: str | None


Record = TypeVar("Record", bound=SavedRecord)


@dataclass(frozen=True, slots=True)
class SavedPage(Generic[Record]):
    """Some of what is saved in a project, by ascending id; `total` counts all that the search finds."""

    records: tuple[Record, ...]
    total: int
    has_next: bool
