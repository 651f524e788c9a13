"""A project with so many events, and a trend so laborious, that there is progress to see."""

from typing import Final

from datasource.clickhouse.engine import Engine
from datasource.metadata.records import ProjectRecord
from datasource.tables.steps import JSON_INSERT_SETTINGS
from tests.support.gateway import Gateway

EVENTS: Final = 500_000
_INSERT: Final = (
    """INSERT INTO events (project_id, event, timestamp, uuid, distinct_id, person_no, person_id, properties)
SELECT {project:UInt32}, 'busy', toDateTime64('2020-01-02 00:00:00', 6, 'UTC') + number,
    generateUUIDv4(number), toString(number % 1000), number % 1000, generateUUIDv4(), '{}'
FROM numbers({events:UInt64}) SETTINGS """
    + JSON_INSERT_SETTINGS
)


def laborious(depth: int = 5) -> str:
    """A HogQL expression that takes its time for every event."""
    expression = "distinct_id"
    for letter in "abcdef"[:depth]:
        expression = f"replaceRegexpAll({expression}, '[0-9{letter}]', '1{letter}2')"
    return f"sum(length({expression}))"


_SERIES: Final = {"event": "busy", "math": "HOGQL", "mathExpression": laborious()}
QUERY: Final = {
    "events": [_SERIES],
    "dateFrom": "2020-01-02",
    "dateTo": "2020-01-12",
}
TWO_STATEMENTS: Final = {**QUERY, "events": [_SERIES, _SERIES]}


async def open_busy_project(gateway: Gateway, engine: Engine) -> ProjectRecord:
    project = await gateway.project("busy")
    await engine.command(_INSERT, {"project": project.id, "events": EVENTS})
    return project
