"""The metadata store's results: frozen values, so that nothing outside holds a session."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Generic, TypeVar


class OrganizationLevel(IntEnum):
    """A member's level in an organization, in ascending order. The gaps leave room for more levels."""

    MEMBER = 1
    ADMIN = 8
    OWNER = 15


class AccessLevel(StrEnum):
    """What a caller may do with a resource, which defines the levels it has and their order."""

    NONE = "none"
    MEMBER = "member"
    ADMIN = "admin"
    VIEWER = "viewer"
    EDITOR = "editor"
    MANAGER = "manager"


class WeekStartDay(StrEnum):
    SUNDAY = "SUNDAY"
    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"

    @property
    def number(self) -> int:
        """The day as a number of PostHog: 0 is Sunday, 1 is Monday."""
        return list(WeekStartDay).index(self)

    @property
    def weekday(self) -> int:
        """The day as a number of datetime.weekday(): 0 is Monday."""
        return (self.number - 1) % 7


@dataclass(frozen=True, slots=True)
class OrganizationFeatures:
    """The features an organization has turned on. While one is off, its rules stay stored without effect."""

    access_control: bool = True
    role_based_access: bool = True
    member_keys: bool = True
    """Whether members below admin can use API keys."""


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
    """A user with their memberships, ordered by the organization's name."""

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
    """A project; `id` is also the tenant of its events in ClickHouse."""

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
    """A page of the projects in reach, by id; `total` counts the projects of all pages."""

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
    """An access rule: the level of a subject on an object or, without `resource_id`, on the whole resource.

    The subject is a membership or a role or, without either, everyone in the project.
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
    """An API key without its value: the store has only its hash and this mask.

    Its owner is a user or a project, so exactly one of `user_id` and `project_id` is set.
    `scoped_projects` and `scoped_organizations` restrict a user's key; None means no restriction.
    `old_mask` is that of the value before the last roll, if that one works until `old_value_until`.
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
    owner_removed_at: datetime | None
    revoked_at: datetime | None
    old_mask: str | None = None
    old_value_until: datetime | None = None


class KeyState(StrEnum):
    """Whether a key works and, if it does not, why."""

    ACTIVE = "active"
    EXPIRED = "expired"
    OWNER_INACTIVE = "owner deactivated"
    OWNER_REMOVED = "owner removed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class OwnedKey:
    """A key and the member who owns it, None for the key of a project.

    The owner's memberships are those that the key may use: not one of an organization that the owner was removed
    from after the key was created, even if they were added again.
    """

    key: KeyRecord
    owner: MemberRecord | None

    def state_at(self, now: datetime) -> KeyState:
        """Why the key does not work: what is permanent comes first."""
        if self.key.revoked_at is not None:
            return KeyState.REVOKED
        if self.key.owner_removed_at is not None or (self.owner is not None and not self.owner.memberships):
            return KeyState.OWNER_REMOVED
        if self.key.expires_at is not None and self.key.expires_at <= now:
            return KeyState.EXPIRED
        if self.owner is not None and not self.owner.is_active:
            return KeyState.OWNER_INACTIVE
        return KeyState.ACTIVE


@dataclass(frozen=True, slots=True)
class SavedRecord:
    """An object saved in a project; `created_by` is a user's id, None if the user was deleted."""

    id: int
    project_id: int
    name: str
    description: str
    created_by: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ActionRecord(SavedRecord):
    """A saved action; its steps are JSON documents (see resolvers/stored_json.py)."""

    steps: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class InsightRecord(SavedRecord):
    """A saved insight; `query` is the JSON that a client sent."""

    query: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CohortRecord(SavedRecord):
    """A saved cohort; its groups are JSON documents (see resolvers/stored_json.py), none if it is static.

    `version` is the calculation in use, 0 before the first; `size` is the number of its members. `error` is why
    a later calculation failed, None if none did.
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
    """A page of saved objects, by id; `total` counts the results of all pages."""

    records: tuple[Record, ...]
    total: int
    has_next: bool
