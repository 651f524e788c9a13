"""The columns of a PostHog installation's tables, some of them optional, from ClickHouse's system tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from datasource.clickhouse.engine import Engine
from datasource.sql.render import is_column_name

NEEDED_TABLES = ("events", "person", "person_distinct_id_overrides", "person_distinct_id2", "groups")
COHORT_TABLES = ("cohortpeople", "person_static_cohort")
SESSIONS = "raw_sessions"

_COMMENT_PREFIX = "column_materializer"
_NULLABLE = {"String": False, "Nullable(String)": True}
_LOCAL_TABLES = {"events": "sharded_events"}
"""On a cluster a Distributed table is read, and only the table behind it may have the comments."""

_COLUMNS = """
SELECT table, name, type, comment
FROM system.columns
WHERE database = if({database:String} = '', currentDatabase(), {database:String})
    AND table IN {tables:Array(String)}
ORDER BY table, name
"""


@dataclass(frozen=True, slots=True)
class MaterializedColumn:
    """A column that holds a property.

    In a column that is not nullable, '' means an absent property or an empty string, 'null' means JSON's null or
    that string, and strings keep their JSON escapes.
    """

    name: str
    is_nullable: bool


PropertyAddress = tuple[str, str, str]
"""Table, JSON column and property."""


@dataclass(frozen=True, slots=True)
class PostHogColumns:
    """The columns that were found; by default those of every installation."""

    materialized: Mapping[PropertyAddress, MaterializedColumn] = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )
    columns: frozenset[tuple[str, str]] = frozenset()

    def of_property(self, table: str, column: str, key: str) -> MaterializedColumn | None:
        """Return the column that holds a property of a JSON column, if there is one."""
        return self.materialized.get((table, column, key))

    def has(self, table: str, column: str) -> bool:
        """Whether a table has a column."""
        return (table, column) in self.columns

    @property
    def has_sessions(self) -> bool:
        """Whether there is a table of sessions."""
        return self.has(SESSIONS, "session_id_v7")

    def missing_tables(self) -> tuple[str, ...]:
        """Return the tables of every installation that this one lacks or does not show."""
        found = {table for table, _ in self.columns}
        return tuple(table for table in (*NEEDED_TABLES, *COHORT_TABLES) if table not in found)


async def find_columns(engine: Engine, database: str | None = None) -> PostHogColumns:
    """Look up the columns in a database, by default in the engine's own one."""
    tables = (*NEEDED_TABLES, *COHORT_TABLES, SESSIONS, *_LOCAL_TABLES.values())
    answer = await engine.query(_COLUMNS, {"database": database or "", "tables": tables})
    rows = [tuple(map(str, row)) for row in answer.rows()]
    columns = frozenset((table, name) for table, name, _, _ in rows)
    return PostHogColumns(MappingProxyType(dict(_materialized(rows, columns))), columns)


def _materialized(
    rows: Iterable[tuple[str, ...]], columns: frozenset[tuple[str, str]]
) -> Iterable[tuple[PropertyAddress, MaterializedColumn]]:
    read_as = {data: table for table, data in _LOCAL_TABLES.items()}
    for table, name, kind, comment in rows:
        address = parse_comment(comment)
        read_table = read_as.get(table, table)
        if address and kind in _NULLABLE and is_column_name(name) and (read_table, name) in columns:
            yield (read_table, *address), MaterializedColumn(name, _NULLABLE[kind])


def parse_comment(comment: str) -> tuple[str, str] | None:
    """Return the JSON column and the property that a column holds by its comment, None for other comments."""
    match comment.split("::"):
        case [prefix, key] if prefix == _COMMENT_PREFIX and key:
            return "properties", key
        case [prefix, column, key] if prefix == _COMMENT_PREFIX and key:
            return column, key
        case _:
            # Four parts: a disabled column, or a property with colons, which looks the same.
            return None
