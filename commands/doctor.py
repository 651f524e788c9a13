"""Checks an installation without changing it."""

import asyncio
import os
import platform
import stat
import time
from collections.abc import Awaitable, Callable, Iterator
from difflib import get_close_matches
from typing import Final

import typer
from alembic.script import ScriptDirectory
from sqlalchemy import text

from commands.environment import data_folder_in_use, load_settings
from commands.errors import OPTIONS
from commands.metadata import require_metadata
from commands.output import print_line
from datasource.cache.redis import connect_redis
from datasource.clickhouse.open_engine import open_engine
from datasource.metadata.engine import is_sqlite, parse_database_url
from datasource.metadata.migration import alembic_config
from datasource.metadata.projects import list_projects
from datasource.metadata.store import open_metadata
from datasource.tables.cluster_checks import check_table_kind
from datasource.tables.migrate import last_version
from datasource.tables.steps import STEPS
from errors import GatewayError
from settings import Settings
from telemetry.version import installed_version

MAX_SKEW_S: Final = 2.0
TIMEOUT_S: Final = 20.0
OK: Final = "ok"
WARNING: Final = "warning"
ERROR: Final = "error"
_MIGRATE: Final = "Run trendgate migrate."

Finding = tuple[str, str, str]
"""The result, what was found, and how to fix it."""


def register(cli: typer.Typer) -> None:
    cli.command()(doctor)


def doctor() -> None:
    """Check the settings, the data folder, the stores, their versions and clocks, without creating anything.

    Exit status: 0 if Trendgate can run, also with warnings; 1 otherwise.
    """
    settings = load_settings()
    findings = [*_program(), *_folder(settings), *asyncio.run(_stores(settings))]
    for result, found, fix in findings:
        print_line(f"{result + ':':9}{found}")
        if fix:
            print_line(f"{'':9}fix: {fix}")
    if any(result == ERROR for result, _, _ in findings):
        raise typer.Exit(1)


def _program() -> Iterator[Finding]:
    yield OK, f"Trendgate {installed_version()}, Python {platform.python_version()}", ""
    known = [f"TRENDGATE_{name}".upper() for name in Settings.model_fields]
    for name in sorted(os.environ):
        if name.startswith("TRENDGATE_") and name not in known:
            similar = get_close_matches(name, known, 1)
            fix = f"Did you mean {similar[0]}?" if similar else "Unset it; README lists the settings."
            yield WARNING, f"{name} is not a setting and has no effect.", fix


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = data_folder_in_use(settings)
    if folder is None:
        return
    if not folder.is_dir():
        yield (
            WARNING,
            f"The data folder {folder} does not exist yet.",
            "Set TRENDGATE_DATA_DIR if yours is elsewhere.",
        )
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield ERROR, f"The data folder {folder} is not writable.", "Run commands as the account of the gateway."
    elif mode & 0o077:
        yield WARNING, f"Other accounts can open the data folder {folder} (mode {mode:o}).", f"chmod 700 {folder}"
    else:
        yield OK, f"Data folder {folder}, mode {mode:o}", ""


async def _stores(settings: Settings) -> list[Finding]:
    checks: list[tuple[str, Callable[[Settings], Awaitable[list[Finding]]]]] = [
        ("metadata", _metadata),
        ("events", _events),
        ("Redis", _redis),
    ]
    findings: list[Finding] = []
    for name, check in checks:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                findings += await check(settings)
        except GatewayError as error:
            findings.append((ERROR, f"{name}: {error.render(OPTIONS)}", error.render_hint(OPTIONS) or ""))
        except TimeoutError:
            findings.append((ERROR, f"{name}: no response within {TIMEOUT_S:g} s", "Check that it is running."))
    return findings


async def _metadata(settings: Settings) -> list[Finding]:
    require_metadata(settings)
    is_file = is_sqlite(parse_database_url(settings.metadata_url))
    statement = "SELECT sqlite_version()" if is_file else "SHOW server_version"
    async with open_metadata(settings) as store:
        async with store.read() as session:
            version = await session.scalar(text(statement))
            revision = await session.scalar(text("SELECT version_num FROM alembic_version"))
            started = time.time()
            now = None if is_file else await session.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))
        name = f"metadata: {'SQLite' if is_file else 'PostgreSQL'} {version}, migration {revision}"
        scripts = ScriptDirectory.from_config(alembic_config())
        if revision not in {script.revision for script in scripts.walk_revisions()}:
            return [(ERROR, f"{name}, of a newer version of Trendgate", "Run the newer version.")]
        if revision != scripts.get_current_head():
            return [(ERROR, f"{name}, behind this program's {scripts.get_current_head()}", _MIGRATE)]
        findings: list[Finding] = [(OK, name, "")]
        if now is not None:
            findings += _skew("PostgreSQL", float(now), started)
        if not await list_projects(store):
            findings.append((WARNING, "There are no projects yet.", "trendgate project create NAME"))
        return findings


async def _events(settings: Settings) -> list[Finding]:
    if settings.clickhouse_url is None and not settings.events_path.is_dir():
        return [(WARNING, "events: none are stored yet.", "Run trendgate serve, or load.")]
    engine = open_engine(settings)
    try:
        started = time.time()
        answer = await engine.query("SELECT version() AS version, toUnixTimestamp64Milli(now64(3)) AS now")
        version, now = str(answer.columns[0][0]), float(str(answer.columns[1][0])) / 1000
        name = f"events: {'ClickHouse server' if engine.is_shared else 'embedded ClickHouse'} {version}"
        findings: list[Finding] = _skew("ClickHouse", now, started) if engine.is_shared else []
        if settings.events_layout != "native":
            return [(OK, f"{name}, layout {settings.events_layout}", ""), *findings]
        await check_table_kind(engine)
        step = await last_version(engine)
        if step == STEPS[-1].version:
            return [(OK, f"{name}, tables at step {step}", ""), *findings]
        return [(ERROR, f"{name}, tables at step {step or 0} of {STEPS[-1].version}", _MIGRATE), *findings]
    finally:
        await engine.close()


async def _redis(settings: Settings) -> list[Finding]:
    if settings.redis_url is None:
        return []
    client = connect_redis(settings.redis_url.get_secret_value(), timeout_s=2)
    try:
        version = (await client.info("server"))["redis_version"]
    except Exception as failure:  # network errors come in many types
        return [(ERROR, f"Redis: not available ({type(failure).__name__})", "Check TRENDGATE_REDIS_URL.")]
    finally:
        await client.aclose()
    return [(OK, f"Redis {version}", "")]


def _skew(name: str, theirs: float, started: float) -> list[Finding]:
    """Compare a clock that was read after `started` with this machine's."""
    ours = min(max(theirs, started), time.time())
    if abs(theirs - ours) <= MAX_SKEW_S:
        return []
    return [(WARNING, f"The clock of {name} differs by {theirs - ours:+.1f} s.", "Synchronize both clocks (NTP).")]
