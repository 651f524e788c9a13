from dataclasses import dataclass
from datetime import datetime

from datasource.metadata.audit import Actor, ActorKind
from datasource.metadata.reach import Reach
from datasource.metadata.records import MemberRecord, MembershipRecord, OrganizationLevel
from permissions.policy import Principal


@dataclass(frozen=True, slots=True)
class Caller:
    """An API key and its owner, which is a person or a project: exactly one of `user` and `project_id` is set.

    `scoped_projects` and `scoped_organizations` restrict the key to some of what the person can reach; None: no
    restriction. `old_value_until` is when the value that was sent stops working, if the key was given a new one.
    """

    key_id: str
    key_label: str
    key_mask: str
    scopes: tuple[str, ...]
    scoped_projects: tuple[int, ...] | None
    scoped_organizations: tuple[str, ...] | None
    user: MemberRecord | None
    project_id: int | None = None
    key_expires_at: datetime | None = None
    old_value_until: datetime | None = None

    def __hash__(self) -> int:
        # Equal callers have the same key. Hashing all the rest takes longer than comparing it once.
        return hash(self.key_id)

    @property
    def user_id(self) -> str | None:
        return self.user.id if self.user else None

    @property
    def actor(self) -> Actor:
        """The actor that the audit log names for changes of the caller."""
        return Actor(
            ActorKind.API_KEY,
            user_id=self.user_id,
            email=self.user.email if self.user else None,
            key_id=self.key_id,
            key_mask=self.key_mask,
        )

    @property
    def reach(self) -> Reach:
        """The projects the key may be used for, before rules."""
        if self.project_id is not None:
            return Reach(organization_ids=None, project_ids=frozenset({self.project_id}))
        organizations = {each.organization_id for each in self.memberships if not self.is_locked_out(each)}
        if self.scoped_organizations is not None:
            organizations &= set(self.scoped_organizations)
        projects = None if self.scoped_projects is None else frozenset(self.scoped_projects)
        return Reach(frozenset(organizations), projects)

    @property
    def owner_reach(self) -> Reach:
        """The projects of the key's owner, whatever the key is scoped to."""
        if self.project_id is not None:
            return self.reach
        return Reach(frozenset(each.organization_id for each in self.memberships), None)

    @property
    def memberships(self) -> tuple[MembershipRecord, ...]:
        return self.user.memberships if self.user else ()

    def is_locked_out(self, membership: MembershipRecord) -> bool:
        """Whether the organization does not accept this key, since it accepts admins' keys only."""
        return not membership.features.member_keys and membership.level < OrganizationLevel.ADMIN

    def principal_in(self, organization_id: str) -> Principal:
        """Return the caller as a principal of the organization's policies."""
        if self.user is None:
            return Principal(user_id=None, level=None, is_project_key=True)
        return Principal(user_id=self.user.id, level=self.user.level_in(organization_id))
