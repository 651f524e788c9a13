"""What the steps of schema.py are made of, whether one server or a cluster holds the tables."""

from dataclasses import dataclass

SOURCE = "{source}"
"""Where a select names the table that it reads."""


@dataclass(frozen=True, slots=True)
class CreateTable:
    """A table: its columns, and the engine's clauses from PARTITION BY or ORDER BY on.

    `engine` is one of the MergeTree family, `arguments` are what stands in its parentheses. `shard_by` spreads the
    rows over the shards of a cluster; a table without it is there as a whole on every server.
    """

    name: str
    columns: str
    engine: str
    clauses: str
    arguments: str = ""
    shard_by: str | None = None


@dataclass(frozen=True, slots=True)
class CreateView:
    """A materialized view: what is inserted into `source` goes into `target`, selected by `select`."""

    name: str
    source: str
    target: str
    select: str


@dataclass(frozen=True, slots=True)
class FillTable:
    """Makes the rows of `target` anew from those of `source`, selected by `select`."""

    target: str
    source: str
    select: str


Change = CreateTable | CreateView | FillTable
