"""Trend queries, read from GraphQL's input into what the compiler takes."""

import re

from errors import BadUserInput, InputTooLarge, Name, Place
from resolvers.trends.buckets import MAX_BUCKETS
from resolvers.trends.query import (
    ACTOR_MATHS,
    PROPERTY_MATHS,
    ActionSeries,
    EventSeries,
    Formula,
    InputPath,
    Math,
    PropertyType,
    Series,
    TrendMath,
    TrendQuery,
)
from schema.breakdown_reader import check_cohort_limit, read_breakdowns
from schema.filters import count_filters, read_filters
from schema.input_checks import LONGEST_EXPRESSION, check_characters, check_group_index, check_key, check_text
from schema.trend_input import ActionSeriesInput, EventSeriesInput, SeriesInput, TrendQueryInput

ARGUMENT: InputPath = ("query",)
MAX_SERIES = 26
MAX_FORMULAS = 26
MAX_BREAKDOWN_LIMIT = 1000

_ACTION_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


def read_trend_query(query: TrendQueryInput, *, max_filters: int) -> TrendQuery:
    """Convert the input; raises BadUserInput below `ARGUMENT`."""
    _check_series(query)
    _check_filter_count(query, max_filters)
    _check_numbers(query)
    check_cohort_limit(query, ARGUMENT)
    return TrendQuery(
        series=_read_series(query),
        filters=read_filters(query.properties, query.property_group, ARGUMENT),
        filter_test_accounts=query.filter_test_accounts,
        date_from=query.date_from,
        date_to=query.date_to,
        explicit_date=query.explicit_date,
        interval=query.interval,
        breakdowns=read_breakdowns(query, ARGUMENT),
        breakdown_limit=query.breakdown_limit,
        breakdown_hide_other=query.breakdown_hide_other,
        compare=query.compare,
        compare_to=query.compare_to,
        display=query.display,
        formulas=_read_formulas(query),
        smoothing_intervals=query.smoothing_intervals,
        sampling_factor=1.0 if query.sampling_factor is None else query.sampling_factor,
    )


def _check_series(query: TrendQueryInput) -> None:
    count = len(query.events) + len(query.actions)
    if not count:
        raise BadUserInput(
            "A query needs at least one series: give {events} or {actions}.",
            events=Name("events"),
            actions=Name("actions"),
            path=ARGUMENT,
            hint='{events}: [{event: null}] counts every event, {events}: [{event: "sign up"}] a single one.',
        )
    if count > MAX_SERIES:
        raise InputTooLarge(
            "The query has {actual:,} series; the limit is {limit:,}.",
            limit=MAX_SERIES,
            actual=count,
            unit="series",
            hint="Formulas name each series by one letter.",
            path=(*ARGUMENT, "events" if query.events else "actions"),
        )


def _check_filter_count(query: TrendQueryInput, max_filters: int) -> None:
    count = count_filters(query.properties, query.property_group) + sum(
        count_filters(item.properties, item.property_group) for item in (*query.events, *query.actions)
    )
    if count > max_filters:
        raise InputTooLarge(
            "The query has {actual:,} property filters, including nested ones; the limit is {limit:,}.",
            limit=max_filters,
            actual=count,
            unit="filters",
            path=ARGUMENT,
            hint="To match several values of a property, give one filter a list as its value.",
        )


def _check_numbers(query: TrendQueryInput) -> None:
    if not 1 <= query.breakdown_limit <= MAX_BREAKDOWN_LIMIT:
        raise BadUserInput(
            "{breakdown_limit} must be between 1 and {limit}, not {value}.",
            breakdown_limit=Name("breakdown_limit"),
            limit=MAX_BREAKDOWN_LIMIT,
            value=query.breakdown_limit,
            path=(*ARGUMENT, "breakdown_limit"),
        )
    if not 1 <= query.smoothing_intervals <= MAX_BUCKETS:
        raise BadUserInput(
            "{smoothing_intervals} must be between 1 and {limit:,}, not {value:,}.",
            smoothing_intervals=Name("smoothing_intervals"),
            limit=MAX_BUCKETS,
            value=query.smoothing_intervals,
            path=(*ARGUMENT, "smoothing_intervals"),
            hint="1 means no smoothing.",
        )
    if query.sampling_factor is not None and not 0 < query.sampling_factor <= 1:
        raise BadUserInput(
            "{sampling_factor} must be greater than 0 and at most 1, not {value:g}.",
            sampling_factor=Name("sampling_factor"),
            value=query.sampling_factor,
            path=(*ARGUMENT, "sampling_factor"),
        )


def _read_series(query: TrendQueryInput) -> tuple[Series, ...]:
    listed: list[tuple[int | None, Series]] = [
        (item.order, _read_event(item, (*ARGUMENT, "events", index))) for index, item in enumerate(query.events)
    ]
    listed += [
        (item.order, _read_action(item, (*ARGUMENT, "actions", index))) for index, item in enumerate(query.actions)
    ]
    placed = [(index if order is None else order, series) for index, (order, series) in enumerate(listed)]
    return tuple(series for _, series in sorted(placed, key=lambda pair: pair[0]))


def _read_event(item: EventSeriesInput, path: InputPath) -> EventSeries:
    if item.event is not None:
        if not item.event:
            raise BadUserInput(
                "The event name must not be empty.", path=(*path, "event"), hint="Use null for every event."
            )
        check_text(item.event, (*path, "event"), what="The event name")
    return EventSeries(
        event=item.event,
        math=_read_math(item, path),
        filters=read_filters(item.properties, item.property_group, path),
        custom_name=_read_custom_name(item, path),
        path=path,
    )


def _read_action(item: ActionSeriesInput, path: InputPath) -> ActionSeries:
    if not _ACTION_ID.fullmatch(item.action_id):
        raise BadUserInput(
            "The action id must be a number.",
            path=(*path, "action_id"),
            hint=Place.ACTIONS,
        )
    return ActionSeries(
        action_id=int(item.action_id),
        math=_read_math(item, path),
        filters=read_filters(item.properties, item.property_group, path),
        custom_name=_read_custom_name(item, path),
        path=path,
    )


def _read_custom_name(item: SeriesInput, path: InputPath) -> str | None:
    return _check_custom_name(item.custom_name, path)


def _check_custom_name(name: str | None, path: InputPath) -> str | None:
    if name is not None:
        check_text(name, (*path, "custom_name"), what="The custom name")
        check_characters(name, (*path, "custom_name"), what="The custom name")
    return name


def _read_math(item: SeriesInput, path: InputPath) -> Math:
    check_group_index(item.math_group_type_index, (*path, "math_group_type_index"))
    if item.math_property is not None:
        check_key(item.math_property, (*path, "math_property"))
    if item.math_expression is not None:
        check_key(item.math_expression, (*path, "math_expression"), is_expression=True)
    _check_used(item, path)
    return Math(
        kind=item.math,
        property=item.math_property,
        property_type=item.math_property_type,
        group_type_index=item.math_group_type_index,
        expression=item.math_expression,
    )


def _check_used(item: SeriesInput, path: InputPath) -> None:
    """Raise BadUserInput for an option that the math does not use."""
    reads_property = item.math in PROPERTY_MATHS
    reads_group = item.math in ACTOR_MATHS or (reads_property and item.math_property_type is PropertyType.GROUP)
    unused = {
        "math_property": item.math_property is not None and not reads_property,
        "math_property_type": item.math_property_type is not PropertyType.EVENT and not reads_property,
        "math_group_type_index": item.math_group_type_index is not None and not reads_group,
        "math_expression": item.math_expression is not None and item.math is not TrendMath.HOGQL,
    }
    for name, is_unused in unused.items():
        if is_unused:
            raise BadUserInput(
                "The math {math} does not use {option}.",
                math=item.math,
                option=Name(name),
                path=(*path, name),
                hint="Omit {option}, or choose another math.",
            )


def _read_formulas(query: TrendQueryInput) -> tuple[Formula, ...]:
    if query.formula is not None:
        if query.formulas:
            raise BadUserInput(
                "Give either {formula} or {formulas}, not both.",
                formula=Name("formula"),
                formulas=Name("formulas"),
                path=(*ARGUMENT, "formula"),
                hint="Move all formulas to {formulas}.",
            )
        return (_read_formula(query.formula, None, (*ARGUMENT, "formula")),)
    listed = query.formulas or []
    if len(listed) > MAX_FORMULAS:
        raise InputTooLarge(
            "The query has {actual:,} formulas; the limit is {limit:,}.",
            limit=MAX_FORMULAS,
            actual=len(listed),
            unit="formulas",
            path=(*ARGUMENT, "formulas"),
        )
    return tuple(
        _read_formula(item.formula, item.custom_name, (*ARGUMENT, "formulas", index))
        for index, item in enumerate(listed)
    )


def _read_formula(text: str, custom_name: str | None, path: InputPath) -> Formula:
    check_text(text, path, what="The formula", longest=LONGEST_EXPRESSION)
    return Formula(text=text, custom_name=_check_custom_name(custom_name, path), path=path)
