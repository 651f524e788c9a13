"""Persons of a PostHog installation: those of events, their properties and their cohorts."""

from collections.abc import Sequence

from datasource.layouts.contract import DISTINCT_ID
from datasource.layouts.lowering import SourceRows, as_values
from datasource.layouts.posthog_properties import JsonProperties
from datasource.layouts.posthog_tables import PostHogTables
from datasource.sql.tree import (
    Cast,
    CohortMember,
    Column,
    Derived,
    Expr,
    Field,
    Infix,
    Join,
    Named,
    Number,
    Param,
    Scalar,
    Select,
    Union,
    call,
    compare,
    equals,
    every,
)

_NO_PERSON = Param("00000000-0000-0000-0000-000000000000", "UUID")
"""The id in rows without a person, such as events without an override."""

PERSON_OF_EVENT = call(
    "ifNull", call("nullIf", Column("person_id", "override"), _NO_PERSON), Column("person_id", "e")
)
"""The person as of now: the override of the event's distinct id, otherwise the person stored with the event."""

ID_OF_PERSON = Cast(call("nullIf", PERSON_OF_EVENT, _NO_PERSON), "Nullable(String)")


def join_overrides(tables: PostHogTables) -> Join:
    """Join the distinct ids that moved to another person after their events were stored."""
    query = Select(
        columns=(
            Named(Column("distinct_id", "o"), "distinct_id"),
            Named(Column("person_id", "o"), "person_id"),
        ),
        source=tables.table("person_distinct_id_overrides", "o", latest=True),
        where=equals(Column("is_deleted", "o"), Number(0)),
    )
    condition = equals(Column("distinct_id", "e"), Column("distinct_id", "override"))
    return Join("ANY LEFT", Derived(query, "override"), condition)


def join_persons(tables: PostHogTables, wanted: Sequence[Field], person: Expr) -> Join:
    """Join the properties of the person."""
    properties = tables.person_properties("p")
    query = Select(
        columns=(
            Named(Column("id", "p"), "id"),
            *as_values(wanted, lambda field: property_of(properties, field)),
        ),
        source=tables.table("person", "p", latest=True),
        where=tables.is_person("p"),
    )
    return Join("ANY LEFT", Derived(query, "person"), equals(person, Column("id", "person")))


def property_of(properties: JsonProperties, field: Field) -> Expr:
    """Return a property with the type of the field."""
    key = field.key or ""
    return properties.number(key) if field.name.endswith("_number") else properties.text(key)


def rows_of_persons(tables: PostHogTables) -> SourceRows:
    """Return all persons, with properties or distinct ids."""
    with_properties = Select(
        (Named(Column("id", "p"), "id"),), tables.table("person", "p", latest=True), where=tables.is_person("p")
    )
    with_ids = Select(
        (Named(Column("person_id", "d"), "id"),),
        tables.table("person_distinct_id2", "d", latest=True),
        where=equals(Column("is_deleted", "d"), Number(0)),
    )
    person = Column("id")
    known = Derived(Union((with_properties, with_ids)), "known")
    everyone = Select((Named(person, "id"),), known, group_by=(person,))
    return SourceRows(Derived(everyone, "everyone"), Column("id", "everyone"), _NO_FIELDS.__getitem__)


def rows_of_distinct_ids(tables: PostHogTables) -> SourceRows:
    """Return all distinct ids with their persons."""
    of_id: dict[Field, Expr] = {DISTINCT_ID: Column("distinct_id", "d")}
    return SourceRows(
        tables.table("person_distinct_id2", "d", latest=True),
        Column("person_id", "d"),
        of_id.__getitem__,
        condition=equals(Column("is_deleted", "d"), Number(0)),
    )


def is_member(tables: PostHogTables, person: Expr, member: CohortMember) -> Expr:
    """Return the condition that the person is in a cohort; version 0 means all stored calculations."""
    members = _static_members(tables, member) if member.is_static else _calculated_members(tables, member)
    return Infix("IN", (person, Scalar(members)))


def _static_members(tables: PostHogTables, member: CohortMember) -> Select:
    return Select(
        (Named(Column("person_id", "c"), "person_id"),),
        tables.table("person_static_cohort", "c"),
        where=equals(Column("cohort_id", "c"), Number(member.cohort_id)),
    )


def _calculated_members(tables: PostHogTables, member: CohortMember) -> Select:
    person, version = Column("person_id", "c"), Column("version", "c")
    # A row with the opposite sign cancels a row, until a merge removes both.
    counted = Select(
        columns=(Named(person, "person_id"), Named(call("sum", Column("sign", "c")), "signs")),
        source=tables.table("cohortpeople", "c"),
        where=every(
            equals(Column("cohort_id", "c"), Number(member.cohort_id)),
            equals(version, Number(member.version)) if member.version else None,
        ),
        group_by=(person, version),
    )
    return Select(
        (Named(Column("person_id"), "person_id"),),
        Derived(counted, "counted"),
        where=compare(Column("signs"), ">", Number(0)),
    )


_NO_FIELDS: dict[Field, Expr] = {}
