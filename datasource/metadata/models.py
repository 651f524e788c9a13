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
# Of the case folded address: a letter can fold to three.
EMAIL_KEY_LENGTH = 300
SAVED_NAME_LENGTH = 400
# The widest that PostgreSQL's integer holds; nothing beyond it can be a project.
LARGEST_PROJECT_ID = 2**31 - 1

# Constraints need names, or later migrations could not drop them.
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
    """One row, which tells this store from every other one."""

    __tablename__ = "installation"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)


class Organization(Base):
    __tablename__ = "organizations"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    # What each means: OrganizationFeatures.
    access_control: Mapped[bool] = mapped_column(default=True)
    role_based_access: Mapped[bool] = mapped_column(default=True)
    member_keys: Mapped[bool] = mapped_column(default=True)


class User(Base):
    """A person. The address is kept as written; `email_key`, case folded, is what makes it unique."""

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
    # A deleted project's number must never come back: its events in ClickHouse may still carry it.
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
    # Its number is that of a team in another installation, whose tables hold its events.
    is_adopted: Mapped[bool] = mapped_column(default=False, server_default=false())
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

    `subject` is the id of the member or role once more, empty for everyone: unlike columns that may be null it
    can be part of a unique constraint. There is one rule for each subject of each object.
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
    """A change of keys, rules, roles or members. Rows are only ever added, which triggers see to.

    It refers to nothing by foreign key: what is gone stays on record.
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
    """Of the key itself only a hash is stored: who reads this table cannot use it.

    It is a person's or a project's.
    """

    __tablename__ = "api_keys"
    __table_args__ = (CheckConstraint("(user_id IS NULL) <> (project_id IS NULL)", name="one_owner"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(LABEL_LENGTH))
    description: Mapped[str] = mapped_column(Text, default="")
    secure_value: Mapped[str] = mapped_column(String(80), unique=True)
    mask: Mapped[str] = mapped_column(String(11))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    scoped_projects: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    scoped_organizations: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_rolled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User | None] = relationship()


class Saved:
    """What everything that members save in a project has in common.

    A deleted row stays, marked, so that its number is never given again. `name_key` is the name as it is
    searched.
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
    """Its members are in ClickHouse: `version` is the calculation that is read, 0 before the first one.

    `last_version` is the number that was given out last, also to calculations that failed. Static cohorts have
    distinct ids, which may be many and are loaded only by name; the others have groups.
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
