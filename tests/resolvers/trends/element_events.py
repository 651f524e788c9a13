"""Events with elements chains, inserted directly into the table, and queries of the events that match."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa

from datasource.clickhouse.engine import Engine
from datasource.layouts.contract import DISTINCT_ID
from datasource.layouts.native import NativeLayout
from datasource.sql.render import render
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import Events, Expr, Named, Select, call
from datasource.tables.steps import JSON_INSERT_SETTINGS


@dataclass(frozen=True, slots=True)
class Element:
    """One element; `page` holds its HTML attributes, which a chain prefixes with `attr__`."""

    tag: str = "div"
    classes: tuple[str, ...] = ()
    id: str | None = None
    href: str | None = None
    text: str | None = None
    nth_child: int = 1
    nth_of_type: int = 1
    page: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        named = {"attr_id": self.id, "href": self.href, "text": self.text}
        counted = {"nth-child": str(self.nth_child), "nth-of-type": str(self.nth_of_type)}
        page = {f"attr__{name}": value for name, value in self.page.items()}
        if self.classes:
            page["attr__class"] = " ".join(self.classes)
        attributes = {**{name: value for name, value in named.items() if value is not None}, **counted, **page}
        head = ".".join((self.tag, *sorted(self.classes)))
        written = [name + '="' + value.replace('"', '\\"') + '"' for name, value in sorted(attributes.items())]
        return f"{head}:{''.join(written)}"


def chain(*elements: Element) -> str:
    """The chain of elements, the innermost first."""
    return ";".join(map(str, elements))


@dataclass(frozen=True, slots=True)
class Row:
    """An event, identified by its distinct id."""

    id: str
    event: str = "$autocapture"
    chain: str = ""
    properties: Mapping[str, object] = field(default_factory=dict)


_INSERT = """
INSERT INTO events (project_id, event, timestamp, distinct_id, properties, elements_chain) SETTINGS {settings}
SELECT project_id, event, timestamp, distinct_id, CAST(properties, 'JSON'), elements_chain FROM {batch}
""".replace("{settings}", JSON_INSERT_SETTINGS)


async def insert_rows(engine: Engine, project_id: int, rows: Sequence[Row]) -> None:
    batch = pa.table(
        {
            "project_id": [project_id] * len(rows),
            "event": [row.event for row in rows],
            "timestamp": pa.array([datetime(2020, 1, 10, tzinfo=UTC)] * len(rows), pa.timestamp("us", "UTC")),
            "distinct_id": [row.id for row in rows],
            "properties": [json.dumps(row.properties) for row in rows],
            "elements_chain": [row.chain for row in rows],
        }
    )
    await engine.insert(_INSERT, batch)


async def find(engine: Engine, project_id: int, condition: Expr | None) -> set[str]:
    """The ids of the events that satisfy a condition."""
    return {str(value) for value in await values_of(engine, project_id, DISTINCT_ID, condition)}


async def values_of(engine: Engine, project_id: int, expr: Expr, condition: Expr | None = None) -> list[object]:
    """The value of an expression for each event that satisfies a condition, ordered by id."""
    pairs = call("arraySort", call("groupArray", call("tuple", DISTINCT_ID, expr)))
    query = Select(columns=(Named(pairs, "pairs"),), source=Events(), where=condition)
    statement = render(scope_to_project(NativeLayout().lower(query), project_id))
    result = await engine.query(statement.text, statement.params)
    ((found,),) = result.rows()
    assert isinstance(found, list)
    return [value for _, value in found]
