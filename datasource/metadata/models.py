from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from datasource.metadata.column_types import UtcDateTime
from datasource.metadata.records import OrganizationLevel, WeekStartDay

NAME_LENGTH = 200
LABEL_LENGTH = 40
# Of the address with its case folded: a letter can fold to three.
EMAIL_KEY_LENGTH = 300
SAVED_NAME_LENGTH = 400
# The largest value of PostgreSQL's integer; no project can have a larger id.
LARGEST_PROJECT_ID = 2**31 - 1

# Constraints need names so that later migrations can drop them.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    return str(uuid4())


class Base(AsyncAttrs, DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Installation(Base):
    """One row, whose id tells this store from all others."""

    __tablename__ = "installation"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)


class Organization(Base):
    __tablename__ = "organizations"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    # See OrganizationFeatures.
    access_control: Mapped[bool] = mapped_column(default=True)
    role_based_access: Mapped[bool] = mapped_column(default=True)
    member_keys: Mapped[bool] = mapped_column(default=True)


class User(Base):
    """A user. The address is stored as written; `email_key`, with its case folded, makes it unique."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(EMAIL_KEY_LENGTH), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    memberships: Mapped[list["Membership"]] = relationship(back_populates="user")


class Membership(Base):
    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("organization_id", "user_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    level: Mapped[OrganizationLevel] = mapped_column(
        Enum(OrganizationLevel, native_enum=False, create_constraint=True, length=16, name="level")
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    user: Mapped[User] = relationship(back_populates="memberships")
    organization: Mapped[Organization] = relationship()


class Role(Base):
    """A named group of an organization's members."""

    __tablename__ = "roles"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class RoleMembership(Base):
    __tablename__ = "role_memberships"

    role_id: Mapped[str] = mapped_column(ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True)
    membership_id: Mapped[str] = mapped_column(
        ForeignKey("memberships.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Project(Base):
    __tablename__ = "projects"
    # The id of a deleted project must not be used again: ClickHouse may still hold its events.
    __table_args__ = (UniqueConstraint("organization_id", "name"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    week_start_day: Mapped[WeekStartDay] = mapped_column(
        Enum(WeekStartDay, native_enum=False, create_constraint=True, length=16, name="week_start_day"),
        default=WeekStartDay.SUNDAY,
    )
    test_account_filters: Mapped[list[dict[str, object]]] = mapped_column(JSON, default=list)
    # An imported project has the id of a team in a PostHog installation, whose tables hold its events.
    is_imported: Mapped[bool] = mapped_column("is_adopted", default=False, server_default=false())
    # See data_versions.py.
    data_version: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    is_changing: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    group_types: Mapped[list["GroupType"]] = relationship(order_by="GroupType.index")


class GroupType(Base):
    __tablename__ = "group_types"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        CheckConstraint('"index" BETWEEN 0 AND 4', name="index_range"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))


class AccessControl(Base):
    """A rule about an object or, with an empty `resource_id`, about a whole resource of the project.

    `subject` repeats the id of the member or role, and is empty for everyone: a unique constraint needs a column
    that is never null.
    """

    __tablename__ = "access_controls"
    __table_args__ = (
        UniqueConstraint("project_id", "resource", "resource_id", "subject"),
        CheckConstraint("member_id IS NULL OR role_id IS NULL", name="one_subject"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    resource: Mapped[str] = mapped_column(String(64))
    resource_id: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(36))
    member_id: Mapped[str | None] = mapped_column(ForeignKey("memberships.id", ondelete="CASCADE"), index=True)
    role_id: Mapped[str | None] = mapped_column(ForeignKey("roles.id", ondelete="CASCADE"), index=True)
    access_level: Mapped[str] = mapped_column(String(16))
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AuditEntry(Base):
    """A change of keys, rules, roles or members. Triggers prevent changing and deleting rows.

    It has no foreign keys, so that it outlives what it is about.
    """

    __tablename__ = "audit_log"
    __table_args__ = (Index(None, "organization_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    organization_id: Mapped[str] = mapped_column(String(36))
    project_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(64))
    actor: Mapped[dict[str, object]] = mapped_column(JSON)
    target: Mapped[dict[str, object]] = mapped_column(JSON)
    before: Mapped[dict[str, object] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, object] | None] = mapped_column(JSON(none_as_null=True))


class ApiKey(Base):
    """An API key of a user or a project. Only a hash is stored, so that reading this table gives no access."""

    __tablename__ = "api_keys"
    __table_args__ = (CheckConstraint("(user_id IS NULL) <> (project_id IS NULL)", name="one_owner"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(LABEL_LENGTH))
    description: Mapped[str] = mapped_column(Text, default="")
    secure_value: Mapped[str] = mapped_column(String(80), unique=True)
    mask: Mapped[str] = mapped_column(String(11))
    # The value that the last roll replaced, if it still works for a while.
    old_secure_value: Mapped[str | None] = mapped_column(String(80), unique=True, index=True)
    old_mask: Mapped[str | None] = mapped_column(String(11))
    old_value_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    scoped_projects: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    scoped_organizations: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_rolled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The organizations that the owner was removed from: they stay lost when the owner is added again.
    lost_organizations: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    # When the key lost the last of what it could access.
    owner_removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User | None] = relationship()


class Saved:
    """The columns of everything that members save in a project.

    A deleted row stays, marked, so that its id is never used again. Searches use `name_key`.
    """

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(SAVED_NAME_LENGTH))
    name_key: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SavedAction(Saved, Base):
    __tablename__ = "saved_actions"
    __table_args__ = (Index(None, "project_id", "id"), {"sqlite_autoincrement": True})

    steps: Mapped[list[dict[str, object]]] = mapped_column(JSON)


class SavedInsight(Saved, Base):
    __tablename__ = "insights"
    __table_args__ = (Index(None, "project_id", "id"), {"sqlite_autoincrement": True})

    query: Mapped[dict[str, object]] = mapped_column(JSON)


class SavedCohort(Saved, Base):
    """A cohort, whose members are in ClickHouse: `version` is the calculation in use, 0 before the first.

    `last_version` is the highest version reserved so far, even by a failed calculation. Static cohorts have
    distinct ids, loaded only on demand because they may be many; all others have groups.
    """

    __tablename__ = "cohorts"
    __table_args__ = (Index(None, "project_id", "id"), {"sqlite_autoincrement": True})

    is_static: Mapped[bool]
    groups: Mapped[list[dict[str, object]]] = mapped_column(JSON)
    distinct_ids: Mapped[list[str]] = mapped_column(JSON, deferred=True)
    version: Mapped[int] = mapped_column(default=0)
    last_version: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(default=0)
    calculated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)
