"""The changes that migration steps consist of, for one server or a cluster."""

from dataclasses import dataclass

SOURCE = "{source}"
"""The placeholder in a SELECT for the table that it reads."""


@dataclass(frozen=True, slots=True)
class CreateTable:
    """A table: its columns, and the engine's clauses from PARTITION BY or ORDER BY on.

    `engine` is one of the MergeTree family, `arguments` are those in its parentheses. `shard_by` is the sharding
    key on a cluster; a table without one is complete on every server.
    """

    name: str
    columns: str
    engine: str
    clauses: str
    arguments: str = ""
    shard_by: str | None = None


@dataclass(frozen=True, slots=True)
class CreateView:
    """A materialized view: rows inserted into `source` are written to `target`, transformed by `select`."""

    name: str
    source: str
    target: str
    select: str


@dataclass(frozen=True, slots=True)
class FillTable:
    """Replaces the rows of `target` by those of `source`, transformed by `select`."""

    target: str
    source: str
    select: str


Change = CreateTable | CreateView | FillTable
