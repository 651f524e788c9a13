"""A trend that waits half-way, so that a test can read its progress on a machine of any speed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from datasource.clickhouse.engine import Engine, ParamValue, Progress, ProgressListener, QueryResult
from datasource.metadata.records import ProjectRecord
from datasource.tables.steps import JSON_INSERT_SETTINGS
from resolvers.stores import Stores
from tests.support.gateway import Gateway

EVENTS: Final = 10_000
_INSERT: Final = (
    """INSERT INTO events (project_id, event, timestamp, uuid, distinct_id, person_no, person_id, properties)
SELECT {project:UInt32}, 'busy', toDateTime64('2020-01-05 00:00:00', 6, 'UTC') + number,
    generateUUIDv4(number), toString(number % 1000), number % 1000, generateUUIDv4(), '{}'
FROM numbers({events:UInt64}) SETTINGS """
    + JSON_INSERT_SETTINGS
)

_SERIES: Final = {"event": "busy", "math": "HOGQL", "mathExpression": "sum(length(distinct_id))"}
QUERY: Final = {
    "events": [_SERIES],
    "dateFrom": "2020-01-02",
    "dateTo": "2020-01-12",
}
TWO_STATEMENTS: Final = {**QUERY, "events": [_SERIES, _SERIES]}


@dataclass
class PausedEngine:
    """The real engine, whose queries report progress of half their rows and wait for `resume`."""

    inner: Engine
    resume: asyncio.Event = field(default_factory=asyncio.Event)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    async def query(
        self,
        text: str,
        params: Mapping[str, ParamValue] | None = None,
        *,
        on_progress: ProgressListener | None = None,
        **options: Any,
    ) -> QueryResult:
        result = await self.inner.query(text, params, **options)
        if on_progress is not None:
            on_progress(Progress(result.rows_read // 2, result.rows_read, result.bytes_read // 2))
            await self.resume.wait()
        return result


def pause_trends(stores: Stores) -> tuple[Stores, asyncio.Event]:
    """Stores whose trends wait half-way, and the event that resumes them."""
    engine = PausedEngine(stores.events)
    events: Engine = engine  # type: ignore[assignment]  # the rest is the real engine's
    return replace(stores, events=events), engine.resume


async def open_busy_project(gateway: Gateway, engine: Engine) -> ProjectRecord:
    project = await gateway.project("busy")
    await engine.command(_INSERT, {"project": project.id, "events": EVENTS})
    return project
