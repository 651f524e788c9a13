from collections.abc import Mapping
from typing import Annotated

import typer

from commands.metadata import organization_of, require_organization, require_project, with_store
from commands.output import format_minute, print_line, print_table
from datasource.metadata.audit import ActorKind, AuditPage, AuditRecord, Document, list_audit_log
from datasource.metadata.store import MetadataStore
from errors import BadUserInput
from permissions.resources import PROJECT, find_resource

COLUMNS = ("when", "who", "what", "target", "change")
EMPTY = "-"


def register(cli: typer.Typer) -> None:
    cli.command()(audit)


def audit(
    organization: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The organization. Required if there are several, unless --project is given.",
            show_default=False,
        ),
    ] = None,
    project: Annotated[
        int | None,
        typer.Option(
            metavar="ID",
            help="Only changes to this project or its organization.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of changes.")] = 50,
) -> None:
    """Show who changed rules, keys, roles, members and features, newest first. Times are in UTC."""

    async def action(store: MetadataStore) -> AuditPage:
        organization_id = await _find_organization(store, organization, project)
        return await list_audit_log(store, organization_id, first=limit, project_id=project)

    page = with_store(action)
    print_table(COLUMNS, [_row(entry) for entry in page.entries], empty="No changes yet.")
    if page.has_next:
        print_line(f"Showing {len(page.entries)} of {page.total} changes; use --limit for more.", err=True)


async def _find_organization(store: MetadataStore, name: str | None, project_id: int | None) -> str:
    if project_id is None:
        return (await require_organization(store, name)).id
    project = await require_project(store, project_id)
    found = await organization_of(store, project)
    if name is not None and (await require_organization(store, name)).id != found.id:
        raise BadUserInput(
            "Project {id} belongs to {organization}.",
            id=project_id,
            organization=found.name,
            hint="Omit --organization: --project is enough.",
        )
    return found.id


def _row(entry: AuditRecord) -> tuple[str, ...]:
    target = _target(entry)
    if entry.project_id is not None and entry.target.get("resource") != PROJECT.name:
        target = f"{target} in project {entry.project_id}"
    what = entry.action.value.replace(".", " ").replace("_", " ")
    return format_minute(entry.at), _actor(entry), what, target, _change(entry.before, entry.after)


def _actor(entry: AuditRecord) -> str:
    actor = entry.actor
    if actor.kind is ActorKind.COMMAND_LINE:
        return "command line"
    return f"{actor.email or 'a project'} by key {actor.key_mask}"


def _target(entry: AuditRecord) -> str:
    """What was changed, by the names it had then."""
    match entry.target:
        case {"resource": str(resource)}:
            return f"{_about(entry, resource)} for {_subject(entry.target)}"
        case {"mask": mask, "label": label, "member": None}:
            return f"key {mask} ({label})"
        case {"mask": mask, "label": label, "member": member}:
            return f"key {mask} ({label}) of {member}"
        case {"role": role, "member": member}:
            return f"{member} in role {role}"
        case {"role": role}:
            return f"role {role}"
        case {"role_id": role_id}:
            return f"role {(entry.before or {}).get('name', role_id)}"
        case {"member": member}:
            return f"member {member}"
        case {"organization": organization}:
            return f"organization {organization}"
    return ""


def _about(entry: AuditRecord, name: str) -> str:
    if name == PROJECT.name:
        return f"project {entry.project_id}"
    if (object_id := entry.target.get("resource_id")) is not None:
        return f"{name} {object_id}"
    resource = find_resource(name)
    return f"all {resource.labels if resource else name}"


def _subject(target: Document) -> str:
    if "role_id" in target:
        return f"role {target.get('role')}"
    return str(target["member"]) if target.get("member") else "everyone"


def _change(before: Document | None, after: Document | None) -> str:
    old, new = before or {}, after or {}
    changes = ((name, _value(old, name), _value(new, name)) for name in dict.fromkeys((*old, *new)))
    return "; ".join(f"{name}: {was} -> {now}" for name, was, now in changes if was != now)


def _value(document: Mapping[str, object], name: str) -> str:
    match document.get(name):
        case None:
            return EMPTY
        case bool(on):
            return "on" if on else "off"
        case list(values):
            return " ".join(map(str, values))
        case value:
            return str(value)
