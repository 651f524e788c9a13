"""The GraphQL types of the audit log: changes to keys, rules, roles and members."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

from datasource.metadata.audit import Actor, ActorKind, AuditAction, AuditRecord, Document
from permissions.reach import ReachedProject
from resolvers.audit import read_audit_log
from schema.connection import Connection
from schema.cursors import read_id_cursor
from schema.info import ContextInfo

AUDIT_DESCRIPTION = (
    "Changes to access rules of this project and to keys, roles, members and features of its organization, newest "
    "first. Needs scope access_control:read, and the right to change the project's access rules."
)


@strawberry.type(description="Who made a change.")
class AuditActor:
    kind: ActorKind = strawberry.field(description="How the change was made.")
    member_id: strawberry.ID | None = strawberry.field(
        description="The owner of the API key; null for a key that belongs to a project."
    )
    email: str | None = strawberry.field(description="The owner's email at the time.")
    key_id: strawberry.ID | None = strawberry.field(description="The id of the API key.")
    key_mask: str | None = strawberry.field(description="The mask of the API key.")

    @classmethod
    def from_actor(cls, actor: Actor) -> Self:
        return cls(
            kind=actor.kind,
            member_id=None if actor.user_id is None else strawberry.ID(actor.user_id),
            email=actor.email,
            key_id=None if actor.key_id is None else strawberry.ID(actor.key_id),
            key_mask=actor.key_mask,
        )


@strawberry.type(description="One change in the audit log.")
class AuditEntry:
    id: strawberry.ID = strawberry.field(description="A number, as a string.")
    at: datetime = strawberry.field(description="When the change was made.")
    action: AuditAction = strawberry.field(description="What was changed.")
    actor: AuditActor = strawberry.field(description="Who made the change.")
    project_id: strawberry.ID | None = strawberry.field(
        description="The project concerned; null for the whole organization."
    )
    target: JSON = strawberry.field(description="The thing that was changed: ids, and names at the time.")
    before: JSON | None = strawberry.field(description="The state before the change; null if it did not exist.")
    after: JSON | None = strawberry.field(description="The state after the change; null if it no longer exists.")

    @classmethod
    def from_record(cls, record: AuditRecord) -> Self:
        return cls(
            id=strawberry.ID(str(record.id)),
            at=record.at,
            action=record.action,
            actor=AuditActor.from_actor(record.actor),
            project_id=None if record.project_id is None else strawberry.ID(str(record.project_id)),
            target=_show_document(record.target),
            before=None if record.before is None else _show_document(record.before),
            after=None if record.after is None else _show_document(record.after),
        )


def _show_document(document: Document) -> JSON:
    """Return the document with the names of the API: keyId, not key_id."""
    return JSON({to_camel_case(key): value for key, value in document.items()})


async def show_audit_log(
    info: ContextInfo, project: ReachedProject, *, first: int, after: str | None
) -> Connection[AuditEntry]:
    """Resolve `Project.auditLog`."""
    position = read_id_cursor("audit", after)
    page = await read_audit_log(info.context, project, first=first, after=position)
    nodes = [(entry.id, AuditEntry.from_record(entry)) for entry in page.entries]
    return Connection[AuditEntry].of("audit", nodes, total=page.total, has_next=page.has_next, after=position)
