"""How changes of the tables are said to one server, and to a cluster.

On a cluster `events` and `events_by_hour` are spread over the shards: each server has its part in a table
`…_local`, and the name that statements read is a Distributed table over all parts. Every other table is whole on
every server: one table, with a replica on each. So a join or a set of persons is right on any shard, and no
statement has to know of shards.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from datasource.tables.ddl import SOURCE, Change, CreateTable, CreateView, FillTable

ZOOKEEPER_PATH = "/clickhouse/tables"


class Topology(Protocol):
    """Where the tables are."""

    def statements(self, change: Change) -> tuple[str, ...]:
        """What carries out the change; each may be repeated after an interruption."""
        ...

    def delete(self, table: str, condition: str) -> str:
        """What deletes rows of a table, wherever they are."""
        ...


@dataclass(frozen=True, slots=True)
class SingleServer:
    """One server, or the embedded ClickHouse."""

    def statements(self, change: Change) -> tuple[str, ...]:
        """See Topology.statements."""
        match change:
            case CreateTable():
                engine = _engine(change.engine, change.arguments)
                return (_create_table(change.name, change, engine),)
            case CreateView():
                return (_create_view(change, "", change.source, change.target),)
            case FillTable():
                return _fill(change)

    def delete(self, table: str, condition: str) -> str:
        """See Topology.delete."""
        return f"ALTER TABLE {table} DELETE WHERE {condition}"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as ClickHouse's configuration names it, and the database that the tables are in on its servers.

    The servers' macros tell `{shard}` and `{replica}`.
    """

    name: str
    database: str
    sharded: frozenset[str]
    """The tables whose rows are spread over the shards."""

    @classmethod
    def of(cls, name: str, database: str, changes: Iterable[Change]) -> "Cluster":
        """A cluster with the tables that these changes make."""
        tables = (change for change in changes if isinstance(change, CreateTable))
        return cls(name, database, frozenset(table.name for table in tables if table.shard_by))

    def statements(self, change: Change) -> tuple[str, ...]:
        """See Topology.statements."""
        match change:
            case CreateTable(shard_by=None):
                return (self._create_everywhere(change),)
            case CreateTable():
                return self._create_sharded(change)
            case CreateView():
                source, target = self.local(change.source), self.local(change.target)
                return (_create_view(change, self._everywhere, source, target),)
            case FillTable():
                return _fill(change)

    def delete(self, table: str, condition: str) -> str:
        """See Topology.delete."""
        return f"ALTER TABLE {self.local(table)}{self._everywhere} DELETE WHERE {condition}"

    def local(self, table: str) -> str:
        """The table that holds one server's rows."""
        return f"{table}_local" if table in self.sharded else table

    @property
    def _everywhere(self) -> str:
        return f" ON CLUSTER {_quoted(self.name)}"

    def _create_everywhere(self, table: CreateTable) -> str:
        engine = self._replicated(table, table.name, "all", "{shard}-{replica}")
        return _create_table(table.name, table, engine, self._everywhere)

    def _create_sharded(self, table: CreateTable) -> tuple[str, str]:
        local = self.local(table.name)
        engine = self._replicated(table, local, "{shard}", "{replica}")
        over = ", ".join((_quoted(self.name), _quoted(self.database), _quoted(local), str(table.shard_by)))
        return (
            _create_table(local, table, engine, self._everywhere),
            f"CREATE TABLE IF NOT EXISTS {table.name}{self._everywhere} AS {local}\nENGINE = Distributed({over})",
        )

    def _replicated(self, table: CreateTable, name: str, shard: str, replica: str) -> str:
        path = f"{ZOOKEEPER_PATH}/{shard}/{self.database}/{name}"
        arguments = ", ".join(filter(None, (_quoted(path), _quoted(replica), table.arguments)))
        return _engine(f"Replicated{table.engine}", arguments)


_EVERY_BLOCK_COUNTS = "SETTINGS replicated_deduplication_window = 0"
"""Two blocks of equal counts, of two batches or two shards, are two: ClickHouse would drop the second one."""


def _create_table(name: str, table: CreateTable, engine: str, where: str = "") -> str:
    columns = table.columns.strip().replace("\n", "\n    ")
    settings = f"\n{_EVERY_BLOCK_COUNTS}" if where else ""
    return (
        f"CREATE TABLE IF NOT EXISTS {name}{where}\n(\n    {columns}\n)\n"
        f"ENGINE = {engine}\n{table.clauses.strip()}{settings}"
    )


def _create_view(view: CreateView, where: str, source: str, target: str) -> str:
    select = view.select.strip().replace(SOURCE, source)
    return f"CREATE MATERIALIZED VIEW IF NOT EXISTS {view.name}{where} TO {target} AS\n{select}"


def _fill(change: FillTable) -> tuple[str, str]:
    select = change.select.strip().replace(SOURCE, change.source)
    # What an interruption left there would count twice.
    return f"TRUNCATE TABLE {change.target}", f"INSERT INTO {change.target}\n{select}"


def _engine(name: str, arguments: str) -> str:
    return f"{name}({arguments})" if arguments else name


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
