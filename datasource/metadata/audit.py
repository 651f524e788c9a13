"""The audit log of keys, rules, roles and members: written in each change's transaction, never altered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from datasource.metadata.models import AuditEntry
from datasource.metadata.store import MetadataStore

LARGEST_ENTRY_ID = 2**31 - 1
Document = Mapping[str, object]


class AuditAction(StrEnum):
    ACCESS_CONTROL_SET = "access_control.set"
    ACCESS_CONTROL_REMOVED = "access_control.removed"
    KEY_CREATED = "key.created"
    KEY_UPDATED = "key.updated"
    KEY_ROLLED = "key.rolled"
    KEY_REVOKED = "key.revoked"
    ROLE_CREATED = "role.created"
    ROLE_DELETED = "role.deleted"
    ROLE_MEMBER_ADDED = "role.member_added"
    ROLE_MEMBER_REMOVED = "role.member_removed"
    MEMBER_ADDED = "member.added"
    MEMBER_CHANGED = "member.changed"
    MEMBER_REMOVED = "member.removed"
    ORGANIZATION_CHANGED = "organization.changed"


class ActorKind(StrEnum):
    API_KEY = "api_key"
    COMMAND_LINE = "command_line"


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a change: an API key, with its owner if it has one, or the operator."""

    kind: ActorKind
    user_id: str | None = None
    email: str | None = None
    key_id: str | None = None
    key_mask: str | None = None

    def document(self) -> dict[str, object]:
        """The stored form."""
        # Names too, because what the ids refer to may be deleted by the time of reading.
        return {
            "kind": self.kind.value,
            "user_id": self.user_id,
            "email": self.email,
            "key_id": self.key_id,
            "key_mask": self.key_mask,
        }


OPERATOR = Actor(ActorKind.COMMAND_LINE)
"""Anyone who can run the command line with access to the store."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change in an organization, or in one of its projects.

    `before` is None if something was created, `after` if it was removed.
    """

    organization_id: str
    action: AuditAction
    target: Document
    before: Document | None = None
    after: Document | None = None
    project_id: int | None = None


@dataclass(frozen=True, slots=True)
class AuditRecord:
    id: int
    at: datetime
    organization_id: str
    project_id: int | None
    action: AuditAction
    actor: Actor
    target: Document
    before: Document | None
    after: Document | None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of entries, newest first; `total` counts the entries of all pages."""

    entries: tuple[AuditRecord, ...]
    total: int
    has_next: bool


def add_changes(session: AsyncSession, actor: Actor, now: datetime, changes: Sequence[Change]) -> None:
    """Record the changes in the session's transaction."""
    session.add_all(
        AuditEntry(
            at=now,
            organization_id=change.organization_id,
            project_id=change.project_id,
            action=change.action.value,
            actor=actor.document(),
            target=dict(change.target),
            before=None if change.before is None else dict(change.before),
            after=None if change.after is None else dict(change.after),
        )
        for change in changes
    )


async def list_audit_log(
    store: MetadataStore,
    organization_id: str,
    *,
    first: int,
    after: int | None = None,
    project_id: int | None = None,
) -> AuditPage:
    """List the organization's entries with an id less than `after`, newest first.

    With a project, list only those about it and about the whole organization.
    """
    conditions = [AuditEntry.organization_id == organization_id]
    if project_id is not None:
        conditions.append(or_(AuditEntry.project_id == project_id, AuditEntry.project_id.is_(None)))
    page = select(AuditEntry).where(*conditions).order_by(AuditEntry.id.desc()).limit(first + 1)
    if after is not None:
        page = page.where(AuditEntry.id < min(max(after, 0), LARGEST_ENTRY_ID))
    async with store.read() as session:
        total = await session.scalar(select(func.count()).select_from(AuditEntry).where(*conditions))
        rows = (await session.scalars(page)).all()
    return AuditPage(tuple(map(_record, rows[:first])), total or 0, len(rows) > first)


def _record(row: AuditEntry) -> AuditRecord:
    actor = row.actor
    return AuditRecord(
        id=row.id,
        at=row.at,
        organization_id=row.organization_id,
        project_id=row.project_id,
        action=AuditAction(row.action),
        actor=Actor(
            ActorKind(str(actor["kind"])),
            **{key: _string(actor.get(key)) for key in ("user_id", "email", "key_id", "key_mask")},
        ),
        target=row.target,
        before=row.before,
        after=row.after,
    )


def _string(value: object) -> str | None:
    return None if value is None else str(value)
