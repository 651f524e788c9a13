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


class WeekStartDay(StrEnum):
    SUNDAY = "SUNDAY"
    MONDAY = "MONDAY"


@dataclass(frozen=True, slots=True)
class OrganizationRecord:
    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MembershipRecord:
    id: str
    organization_id: str
    organization_name: str
    level: OrganizationLevel


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

    def level_in(self, organization_id: str) -> OrganizationLevel | None:
        for membership in self.memberships:
            if membership.organization_id == organization_id:
                return membership.level
        return None

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


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """Some of the projects in reach, by ascending id; `total` counts all of them."""

    projects: tuple[ProjectRecord, ...]
    total: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An API key without its value, of which the store keeps only a hash and this mask.

    `scoped_projects` and `scoped_organizations` narrow what the owner reaches; None: no narrowing.
    """

    id: str
    user_id: str
    label: str
    mask: str
    scopes: tuple[str, ...]
    scoped_projects: tuple[int, ...] | None
    scoped_organizations: tuple[str, ...] | None
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnedKey:
    key: KeyRecord
    owner: MemberRecord


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
