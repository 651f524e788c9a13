"""The record of changes to keys, rules, roles and members, as clients see it."""

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
    "Who changed access controls of this project, and keys, roles, members and features of its organization; the "
    "newest first. Needs scope access_control:read, and the right to edit who has access to the project."
)


@strawberry.type(description="Who made a change.")
class AuditActor:
    kind: ActorKind = strawberry.field(description="How it was made.")
    member_id: strawberry.ID | None = strawberry.field(description="The owner of the API key.")
    email: str | None = strawberry.field(description="The owner's address at that time.")
    key_id: strawberry.ID | None = strawberry.field(description="The API key's id.")
    key_mask: str | None = strawberry.field(description="The API key's mask.")

    @classmethod
    def from_actor(cls, actor: Actor) -> Self:
        return cls(
            kind=actor.kind,
            member_id=None if actor.user_id is None else strawberry.ID(actor.user_id),
            email=actor.email,
            key_id=None if actor.key_id is None else strawberry.ID(actor.key_id),
            key_mask=actor.key_mask,
        )


@strawberry.type(description="One change.")
class AuditEntry:
    id: strawberry.ID = strawberry.field(description="A number, as a text.")
    at: datetime = strawberry.field(description="When it was made.")
    action: AuditAction = strawberry.field(description="What was changed.")
    actor: AuditActor = strawberry.field(description="Who changed it.")
    project_id: strawberry.ID | None = strawberry.field(
        description="The project that it concerns; null: the whole organization."
    )
    target: JSON = strawberry.field(description="What it was about: ids, and names at that time.")
    before: JSON | None = strawberry.field(description="What it was; null: nothing.")
    after: JSON | None = strawberry.field(description="What it became; null: nothing.")

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
    """As the rest of the API names things: keyId, not key_id."""
    return JSON({to_camel_case(key): value for key, value in document.items()})


async def show_audit_log(
    info: ContextInfo, project: ReachedProject, *, first: int, after: str | None
) -> Connection[AuditEntry]:
    """The field `Project.auditLog`."""
    position = read_id_cursor("audit", after)
    page = await read_audit_log(info.context, project, first=first, after=position)
    nodes = [(entry.id, AuditEntry.from_record(entry)) for entry in page.entries]
    return Connection[AuditEntry].of("audit", nodes, total=page.total, has_next=page.has_next, after=position)
