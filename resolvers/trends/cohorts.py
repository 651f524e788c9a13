"""Cohorts: groups of persons. A definition becomes the query of its members."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from datasource.layouts.contract import DISTINCT_ID, PERSON
from datasource.sql.tree import (
    Column,
    Derived,
    DistinctIds,
    Expr,
    Infix,
    Named,
    Param,
    Persons,
    Query,
    Scalar,
    Select,
    Union,
    compare,
    either,
    every,
)
from errors import BadUserInput
from resolvers.trends.behavior_query import MEMBER, behavior_query
from resolvers.trends.behaviors import Behavior
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.filters import filter_condition
from resolvers.trends.query import InputPath, PropertyFilter, PropertyOperator, PropertyType
from resolvers.trends.saved_objects import SavedObjects

FOUND = "distinct_id"
"""The column of the distinct ids that have a person."""

_LISTED_AT_ONCE = 10_000
"""ClickHouse takes a hundred times longer to read a parameter that is three times larger."""

_OUTSIDE = (PropertyOperator.NOT_IN, PropertyOperator.IS_NOT)
_HINTS = {
    PropertyType.EVENT: "Use {person} for a property of the person, or a behavior for what the person did.",
    PropertyType.HOGQL: "Use {person} or {cohort}, or an expression in the properties of a behavior.",
}
_HINT = "Use {person} or {cohort}, or a behavior with such properties."


@dataclass(frozen=True, slots=True)
class CohortGroup:
    """Criteria that must all be true; negated ones remove persons whom the others select."""

    properties: tuple[PropertyFilter, ...] = ()
    behaviors: tuple[Behavior, ...] = ()
    path: InputPath = field(default=(), compare=False)

    @property
    def has_positive_criterion(self) -> bool:
        """Whether a criterion selects persons, rather than only excluding them."""
        return any(not behavior.negated for behavior in self.behaviors) or any(
            not _is_outside(item) for item in self.properties
        )

    def filters(self) -> Iterator[PropertyFilter]:
        """Every filter of the group, including those of behaviors."""
        yield from self.properties
        for behavior in self.behaviors:
            yield from behavior.properties


@dataclass(frozen=True, slots=True)
class CohortDefinition:
    """Groups of which one is enough; without groups the cohort is empty."""

    groups: tuple[CohortGroup, ...] = ()

    def filters(self) -> Iterator[PropertyFilter]:
        """Every filter of the groups."""
        for group in self.groups:
            yield from group.filters()

    def action_ids(self) -> Iterator[int]:
        """Every action that a behavior refers to."""
        for behavior in (behavior for group in self.groups for behavior in group.behaviors):
            yield from (each for each in (behavior.action_id, behavior.seq_action_id) if each is not None)


def members(definition: CohortDefinition, context: CompileContext, saved_objects: SavedObjects) -> Query | None:
    """The members' query, one column MEMBER in which a person may repeat; None when there cannot be any.

    Raises BadUserInput, with the input's path, for an invalid definition.
    """
    groups = tuple(_group_members(group, context, saved_objects) for group in definition.groups)
    if len(groups) > 1:
        return Union(groups)
    return groups[0] if groups else None


def listed_members(distinct_ids: tuple[str, ...]) -> Query:
    """The persons of these distinct ids, of which there must be at least one."""
    return Select((Named(PERSON, MEMBER),), DistinctIds(), where=_is_listed(distinct_ids))


def known_distinct_ids(distinct_ids: tuple[str, ...]) -> Query:
    """Those of the distinct ids that have a person. There must be at least one."""
    return Select((Named(DISTINCT_ID, FOUND),), DistinctIds(), where=_is_listed(distinct_ids))


def _group_members(group: CohortGroup, context: CompileContext, saved_objects: SavedObjects) -> Select:
    _check(group)
    behaviors = [(behavior, behavior_query(behavior, context, saved_objects)) for behavior in group.behaviors]
    if group.properties:
        filters = every(*(filter_condition(item, context) for item in group.properties))
        return _select(PERSON, Persons(), filters, behaviors)
    # Without a condition on the persons themselves there is no need to read them all.
    behaviors.sort(key=lambda pair: pair[0].negated)
    (_, first), *others = behaviors
    return _select(Column(MEMBER), Derived(first, "doers"), None, others)


def _select(
    person: Expr, source: Persons | Derived, condition: Expr | None, behaviors: list[tuple[Behavior, Select]]
) -> Select:
    did = (Infix("NOT IN" if behavior.negated else "IN", (person, Scalar(query))) for behavior, query in behaviors)
    return Select((Named(person, MEMBER),), source, where=every(condition, *did))


def _check(group: CohortGroup) -> None:
    for item in group.properties:
        if item.type not in (PropertyType.PERSON, PropertyType.COHORT):
            raise BadUserInput(
                "A cohort consists of persons and cannot have filters of type {type_}.",
                path=(*item.path, "type"),
                hint=_HINTS.get(item.type, _HINT),
                type_=item.type,
                person=PropertyType.PERSON,
                cohort=PropertyType.COHORT,
            )
    if not group.properties and not group.behaviors:
        raise BadUserInput(
            "The group has no criteria.", path=group.path, hint="Give properties or behaviors, or omit the group."
        )
    if not group.has_positive_criterion:
        raise BadUserInput(
            "All criteria of the group are negated.",
            path=group.path,
            hint="Add a criterion that selects persons: negated ones only exclude persons.",
        )


def _is_outside(item: PropertyFilter) -> bool:
    return item.type is PropertyType.COHORT and item.operator in _OUTSIDE


def _is_listed(distinct_ids: tuple[str, ...]) -> Expr | None:
    starts = range(0, len(distinct_ids), _LISTED_AT_ONCE)
    parts = (Param(distinct_ids[start : start + _LISTED_AT_ONCE], "Array(String)") for start in starts)
    return either(*(compare(DISTINCT_ID, "IN", part) for part in parts))
