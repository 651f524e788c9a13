"""What a PostHog installation's tables have beyond what all of them have, read from ClickHouse's own catalogue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from datasource.clickhouse.engine import Engine
from datasource.sql.render import is_column_name

NEEDED_TABLES = ("events", "person", "person_distinct_id_overrides", "person_distinct_id2", "groups")
COHORT_TABLES = ("cohortpeople", "person_static_cohort")
SESSIONS = "raw_sessions"

_MARK = "column_materializer"
_DISABLED = "disabled"
_NULLABLE = {"String": False, "Nullable(String)": True}
_DATA_OF = {"events": "sharded_events"}
"""On a cluster a Distributed table is read, and comments may stand on the table behind it only."""

_CATALOGUE = """
SELECT table, name, type, comment
FROM system.columns
WHERE database = if({database:String} = '', currentDatabase(), {database:String})
    AND table IN {tables:Array(String)}
ORDER BY table, name
"""


@dataclass(frozen=True, slots=True)
class MaterializedColumn:
    """A property in a column of its own.

    Where it cannot be null, '' stands for an absent property as well as for an empty text, and 'null' for JSON's
    null as well as for that text; texts are as they stand between the quotes in JSON.
    """

    name: str
    is_nullable: bool


PropertyPlace = tuple[str, str, str]
"""Table, JSON column and property."""


@dataclass(frozen=True, slots=True)
class PostHogColumns:
    """What there is to make use of; by default only what every installation has."""

    materialized: Mapping[PropertyPlace, MaterializedColumn] = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )
    columns: frozenset[tuple[str, str]] = frozenset()

    def of_property(self, table: str, column: str, key: str) -> MaterializedColumn | None:
        """The column that holds a property of a JSON column, if there is one."""
        return self.materialized.get((table, column, key))

    def has(self, table: str, column: str) -> bool:
        """Whether a table has a column."""
        return (table, column) in self.columns

    @property
    def has_sessions(self) -> bool:
        """Whether sessions are kept in a table of their own."""
        return self.has(SESSIONS, "session_id_v7")

    def missing_tables(self) -> tuple[str, ...]:
        """Those that every installation has and this one has not, or does not show."""
        there = {table for table, _ in self.columns}
        return tuple(table for table in (*NEEDED_TABLES, *COHORT_TABLES) if table not in there)


async def find_columns(engine: Engine, database: str | None = None) -> PostHogColumns:
    """What the tables of a database have, by default of the one that the engine is connected to."""
    tables = (*NEEDED_TABLES, *COHORT_TABLES, SESSIONS, *_DATA_OF.values())
    answer = await engine.query(_CATALOGUE, {"database": database or "", "tables": tables})
    rows = [tuple(map(str, row)) for row in answer.rows()]
    columns = frozenset((table, name) for table, name, _, _ in rows)
    return PostHogColumns(MappingProxyType(dict(_materialized(rows, columns))), columns)


def _materialized(
    rows: Iterable[tuple[str, ...]], columns: frozenset[tuple[str, str]]
) -> Iterable[tuple[PropertyPlace, MaterializedColumn]]:
    read_as = {data: table for table, data in _DATA_OF.items()}
    for table, name, kind, comment in rows:
        place = read_comment(comment)
        read_table = read_as.get(table, table)
        if place and kind in _NULLABLE and is_column_name(name) and (read_table, name) in columns:
            yield (read_table, *place), MaterializedColumn(name, _NULLABLE[kind])


def read_comment(comment: str) -> tuple[str, str] | None:
    """The JSON column and the property that a column's comment says it holds; None where it says no such thing."""
    match comment.split("::"):
        case [mark, key] if mark == _MARK and key:
            return "properties", key
        case [mark, column, key] if mark == _MARK and key:
            return column, key
        case _:
            # Four parts: switched off, or a property with colons that cannot be told from one.
            return None
