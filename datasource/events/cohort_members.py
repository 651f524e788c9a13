"""The members of cohorts in ClickHouse: one version per calculation, which is not read until it is complete."""

from typing import Final

from datasource.clickhouse.engine import Engine, Limits
from datasource.events.definition_pages import ProjectReader
from datasource.layouts.contract import PERSON, EventLayout
from datasource.layouts.native import NativeLayout
from datasource.sql.render import render
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import (
    CohortMember,
    Column,
    Derived,
    Named,
    Number,
    Param,
    Persons,
    Query,
    Select,
    Table,
    call,
    equals,
    every,
)

_TABLE: Final = Table("cohort_members", "c")
_INSERT: Final = "INSERT INTO cohort_members (project_id, cohort_id, version, person_no)"
_DELETE: Final = (
    "DELETE FROM cohort_members WHERE project_id = {project:UInt32} AND cohort_id = {cohort:UInt32} "
    "AND version >= {first:UInt32} AND version < {end:UInt32}"
)
_LAST_VERSION: Final = 2**32 - 1


async def store_members(
    engine: Engine, project_id: int, cohort_id: int, version: int, members: Query, *, person: str, limits: Limits
) -> int:
    """Store the persons in the column `person` of a query over logical sources, and return their number.

    Raises GatewayError when ClickHouse rejects the query or fails; some rows of the version may then be stored.
    """
    number = Column(person, "members")
    rows = Select(
        columns=(
            Named(Param(project_id, "UInt32"), "project_id"),
            Named(Param(cohort_id, "UInt32"), "cohort_id"),
            Named(Param(version, "UInt32"), "version"),
            Named(number, "person_no"),
        ),
        source=Derived(members, "members"),
        group_by=(number,),
    )
    statement = render(scope_to_project(NativeLayout().lower(rows), project_id))
    await engine.command(f"{_INSERT}\n{statement.text}\nSETTINGS {_limit_settings(limits)}", statement.params)
    return await _count(engine, project_id, cohort_id, version, limits)


async def count_members(reader: ProjectReader, layout: EventLayout, member: CohortMember) -> int:
    """Count the existing persons in a cohort."""
    query = Select((Named(call("uniqExact", PERSON), "members"),), Persons(), where=member)
    answer = await reader.query(layout.lower(query))
    return int(str(answer.columns[0][0]))


async def delete_members(
    engine: Engine, project_id: int, cohort_id: int, *, first: int = 0, end: int = _LAST_VERSION
) -> None:
    """Delete the versions from `first` up to, but without, `end`."""
    await engine.command(_DELETE, {"project": project_id, "cohort": cohort_id, "first": first, "end": end})


async def _count(engine: Engine, project_id: int, cohort_id: int, version: int, limits: Limits) -> int:
    query = Select(
        columns=(Named(call("count"), "members"),),
        source=_TABLE,
        where=every(
            equals(Column("cohort_id", "c"), Number(cohort_id)), equals(Column("version", "c"), Number(version))
        ),
    )
    statement = render(scope_to_project(query, project_id))
    answer = await engine.query(statement.text, statement.params, limits=limits)
    return int(str(answer.columns[0][0]))


def _limit_settings(limits: Limits) -> str:
    # INSERT ... SELECT has no result rows to limit.
    settings = limits.as_settings()
    limited = {key: settings[key] for key in ("max_execution_time", "max_rows_to_read", "max_memory_usage")}
    return ", ".join(f"{name} = {value!r}" for name, value in limited.items())
