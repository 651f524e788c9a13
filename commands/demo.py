import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from commands.demo_data import (
    FLIGHTS,
    GROUP_TYPES,
    GROUPS,
    PLANES,
    find_data,
    read_flights,
    read_groups,
    read_planes,
)
from commands.environment import load_settings, require_own_tables
from commands.output import print_line
from datasource.clickhouse.engine import Engine
from datasource.loader.load import Chunk, LoadJob, LoadReport, RejectsFile, RowKind, create_sink, load_chunks
from datasource.metadata.data_versions import changing_data
from datasource.metadata.group_types import ensure_group_type
from datasource.metadata.keys import find_key, list_keys, revoke_key
from datasource.metadata.members import ensure_member
from datasource.metadata.projects import ensure_project
from datasource.metadata.records import (
    KeyState,
    MemberRecord,
    OrganizationLevel,
    OwnedKey,
    ProjectRecord,
    WeekStartDay,
)
from datasource.metadata.store import MetadataStore
from datasource.private_files import close_file
from errors import ErrorCode, GatewayError
from permissions.api_keys import hash_key
from permissions.key_issuing import MOST_KEYS, issue_key
from permissions.scopes import missing_scopes
from resolvers.stores import open_stores, repair_all
from settings import Settings

ORGANIZATION: Final = "Trendgate demo"
PROJECT: Final = "NYC flights 2013"
MEMBER: Final = "demo@trendgate.example"
SCOPES: Final = (
    "project:read",
    "insight:read",
    "event_definition:read",
    "property_definition:read",
    "action:read",
    "cohort:read",
    "person:read",
    "access_control:read",
)
LABEL: Final = "Demo"

_COUNTS = """
SELECT
    (SELECT count() FROM events WHERE project_id = {project:UInt32}),
    (SELECT uniqExact(person_no) FROM persons WHERE project_id = {project:UInt32}),
    (SELECT uniqExact(type_index, key) FROM groups WHERE project_id = {project:UInt32})
"""


@dataclass(frozen=True, slots=True)
class DemoInfo:
    """The demo project, and a key that can read it."""

    project_id: int
    key: str


def register(cli: typer.Typer) -> None:
    cli.command()(demo)


def demo() -> None:
    """Create the demo project, all flights that left New York in 2013, and a key that can read it."""
    settings = load_settings()
    require_own_tables(settings, "demo")
    info = asyncio.run(_run(settings))
    print_line(f"Project id: {info.project_id}")
    print_line(f"API key: {info.key}")


async def _run(settings: Settings) -> DemoInfo:
    async with open_stores(settings) as stores:
        return await prepare_demo(settings, stores.metadata, stores.events, Console(stderr=True, highlight=False))


async def prepare_demo(settings: Settings, store: MetadataStore, engine: Engine, console: Console) -> DemoInfo:
    """Create whatever is missing of the demo. Cheap if nothing is; safe to interrupt and repeat."""
    project = await ensure_project(
        store,
        organization=ORGANIZATION,
        name=PROJECT,
        timezone="America/New_York",
        week_start_day=WeekStartDay.SUNDAY,
        group_types=GROUP_TYPES,
    )
    member = await ensure_member(
        store, email=MEMBER, organization_id=project.organization_id, name="Demo", level=OrganizationLevel.OWNER
    )
    await repair_all(store, engine)
    if not await _is_loaded(engine, project.id):
        async with changing_data(store, project.id):
            await _load(settings, store, engine, project, console)
    return DemoInfo(project.id, await ensure_key(store, member, settings.data_dir / "demo-key"))


async def _is_loaded(engine: Engine, project_id: int) -> bool:
    answer = await engine.query(_COUNTS, {"project": project_id})
    events, persons, groups = (int(str(column[0])) for column in answer.columns)
    return events >= FLIGHTS and persons >= PLANES and groups >= GROUPS


async def _load(
    settings: Settings, store: MetadataStore, engine: Engine, project: ProjectRecord, console: Console
) -> None:
    async def type_index(name: str) -> int | None:
        return await ensure_group_type(store, project.id, name)

    data = find_data()
    console.print("Loading the demo: all flights that left New York in 2013 ...")
    report = LoadReport()
    sources: tuple[tuple[RowKind, Iterator[Chunk]], ...] = (
        (RowKind.GROUPS, read_groups(data)),
        (RowKind.PERSONS, read_planes(data)),
        (RowKind.EVENTS, read_flights(data)),
    )
    with RejectsFile(settings.data_dir / "demo.rejects.jsonl") as rejects:
        for kind, chunks in sources:
            sink = create_sink(kind, engine, project.id, type_index)
            await load_chunks(chunks, sink, data, LoadJob(rejects, report))
    if report.rejected:
        raise GatewayError(
            ErrorCode.INTERNAL,
            "{count} rows of the demo data could not be loaded.",
            count=report.rejected,
            file=str(rejects.path),
            hint="See {file} for the reasons.",
        )
    console.print(f"Loaded {report.stored[RowKind.EVENTS]} flights in {report.seconds:.1f} s.")


async def ensure_key(store: MetadataStore, member: MemberRecord, path: Path) -> str:
    """The key stored in the file, or a new one if that is no longer usable."""
    stored = await asyncio.to_thread(_read_secret, path)
    found = await find_key(store, hash_key(stored)) if stored else None
    if found is not None and found.until is None and _is_usable(found.owned, member):
        return stored
    await _make_room(store, member, None if found is None else found.owned)
    issued = await issue_key(store, owner=member, label=LABEL, scopes=SCOPES)
    await asyncio.to_thread(_write_secret, path, issued.value)
    return issued.value


def _is_usable(owned: OwnedKey, member: MemberRecord) -> bool:
    key = owned.key
    is_active = owned.state_at(datetime.now(UTC)) is KeyState.ACTIVE
    return is_active and key.user_id == member.id and not missing_scopes(key.scopes, SCOPES)


async def _make_room(store: MetadataStore, member: MemberRecord, replaced: OwnedKey | None) -> None:
    """Revoke the key that is replaced, and the oldest ones if the member would have too many."""
    # The values of older keys are lost: they were in data folders that no longer exist.
    mine = [owned.key for owned in await list_keys(store) if owned.key.user_id == member.id]
    usable = [
        key for key in mine if key.revoked_at is None and key.owner_removed_at is None and key.label == LABEL
    ]
    stale = {key.id for key in usable[: max(len(usable) - MOST_KEYS + 1, 0)]}
    stale |= {key.id for key in usable if replaced is not None and key.id == replaced.key.id}
    for key_id in stale:
        await revoke_key(store, key_id)


def _read_secret(path: Path) -> str:
    close_file(path)
    try:
        return path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def _write_secret(path: Path, secret: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{secret}\n")
