"""Statements that create tables and delete rows, on one server or on a cluster.

On a cluster, `events` and `events_by_hour` are sharded: each server has a part in a table `…_local`, and queries
read a Distributed table over all parts. Every other table is complete on every server: one table with a replica on
each. So joins and sets of persons are correct on any shard, and no query needs to know about shards.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from datasource.tables.ddl import SOURCE, Change, CreateTable, CreateView, FillTable

ZOOKEEPER_PATH = "/clickhouse/tables"


class Topology(Protocol):
    """The servers that hold the tables."""

    def statements(self, change: Change) -> tuple[str, ...]:
        """Return the statements of a change. Each can be repeated after an interruption."""
        ...

    def delete(self, table: str, condition: str) -> str:
        """Return the statement that deletes rows of a table on all servers."""
        ...


@dataclass(frozen=True, slots=True)
class SingleServer:
    """One server, or the embedded ClickHouse."""

    def statements(self, change: Change) -> tuple[str, ...]:
        match change:
            case CreateTable():
                engine = _engine(change.engine, change.arguments)
                return (_create_table(change.name, change, engine),)
            case CreateView():
                return (_create_view(change, "", change.source, change.target),)
            case FillTable():
                return _fill(change)

    def delete(self, table: str, condition: str) -> str:
        return f"ALTER TABLE {table} DELETE WHERE {condition}"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster, named as in ClickHouse's configuration, and the database with the tables on its servers.

    The macros `{shard}` and `{replica}` are part of the servers' configuration.
    """

    name: str
    database: str
    sharded: frozenset[str]
    """The names of the sharded tables."""

    @classmethod
    def of(cls, name: str, database: str, changes: Iterable[Change]) -> "Cluster":
        """Return a cluster with the tables that these changes create."""
        tables = (change for change in changes if isinstance(change, CreateTable))
        return cls(name, database, frozenset(table.name for table in tables if table.shard_by))

    def statements(self, change: Change) -> tuple[str, ...]:
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
        return f"ALTER TABLE {self.local(table)}{self._everywhere} DELETE WHERE {condition}"

    def local(self, table: str) -> str:
        """Return the name of the table with one server's rows."""
        return f"{table}_local" if table in self.sharded else table

    @property
    def _everywhere(self) -> str:
        return f" ON CLUSTER {_quote(self.name)}"

    def _create_everywhere(self, table: CreateTable) -> str:
        engine = self._replicated(table, table.name, "all", "{shard}-{replica}")
        return _create_table(table.name, table, engine, self._everywhere)

    def _create_sharded(self, table: CreateTable) -> tuple[str, str]:
        local = self.local(table.name)
        engine = self._replicated(table, local, "{shard}", "{replica}")
        over = ", ".join((_quote(self.name), _quote(self.database), _quote(local), str(table.shard_by)))
        return (
            _create_table(local, table, engine, self._everywhere),
            f"CREATE TABLE IF NOT EXISTS {table.name}{self._everywhere} AS {local}\nENGINE = Distributed({over})",
        )

    def _replicated(self, table: CreateTable, name: str, shard: str, replica: str) -> str:
        path = f"{ZOOKEEPER_PATH}/{shard}/{self.database}/{name}"
        arguments = ", ".join(filter(None, (_quote(path), _quote(replica), table.arguments)))
        return _engine(f"Replicated{table.engine}", arguments)


_NO_DEDUPLICATION = "SETTINGS replicated_deduplication_window = 0"
"""Otherwise ClickHouse would drop the second of two equal blocks of counts, of two batches or shards."""


def _create_table(name: str, table: CreateTable, engine: str, where: str = "") -> str:
    columns = table.columns.strip().replace("\n", "\n    ")
    settings = f"\n{_NO_DEDUPLICATION}" if where else ""
    return (
        f"CREATE TABLE IF NOT EXISTS {name}{where}\n(\n    {columns}\n)\n"
        f"ENGINE = {engine}\n{table.clauses.strip()}{settings}"
    )


def _create_view(view: CreateView, where: str, source: str, target: str) -> str:
    select = view.select.strip().replace(SOURCE, source)
    return f"CREATE MATERIALIZED VIEW IF NOT EXISTS {view.name}{where} TO {target} AS\n{select}"


def _fill(change: FillTable) -> tuple[str, str]:
    select = change.select.strip().replace(SOURCE, change.source)
    # Rows from an interrupted attempt would count twice.
    return f"TRUNCATE TABLE {change.target}", f"INSERT INTO {change.target}\n{select}"


def _engine(name: str, arguments: str) -> str:
    return f"{name}({arguments})" if arguments else name


def _quote(name: str) -> str:
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"
