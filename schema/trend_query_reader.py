"""From the client's input to the compiler's question; what cannot be used is refused with its path."""

import re

from errors import BadUserInput
from resolvers.trends.query import ActionSeries, EventSeries, Formula, InputPath, Math, Series, TrendQuery
from schema.breakdown_reader import read_breakdowns
from schema.filters import count_filters, read_filters
from schema.input_checks import LONGEST_EXPRESSION, check_group_index, check_key, check_text
from schema.trend_input import ActionSeriesInput, EventSeriesInput, SeriesInput, TrendQueryInput

ARGUMENT: InputPath = ("query",)
MAX_SERIES = 26
MAX_FORMULAS = 26
MAX_BREAKDOWN_LIMIT = 1000

_ACTION_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


def read_trend_query(query: TrendQueryInput, *, max_filters: int) -> TrendQuery:
    """Raises BadUserInput; its path starts at the argument's name."""
    _check_series(query)
    _check_filter_count(query, max_filters)
    _check_figures(query)
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
            "One of events or actions is required.",
            path=ARGUMENT,
            hint='For every event: events: [{event: null}]; for one: events: [{event: "sign up"}].',
        )
    if count > MAX_SERIES:
        raise BadUserInput(
            f"There are {count} series; {MAX_SERIES} are allowed, a letter each.",
            path=(*ARGUMENT, "events" if query.events else "actions"),
        )


def _check_filter_count(query: TrendQueryInput, max_filters: int) -> None:
    count = count_filters(query.properties, query.property_group) + sum(
        count_filters(item.properties, item.property_group) for item in (*query.events, *query.actions)
    )
    if count > max_filters:
        raise BadUserInput(
            f"There are {count} property filters, nested ones included; {max_filters} are allowed.",
            path=ARGUMENT,
            hint="Several values for one property fit into one filter: give a list as its value.",
        )


def _check_figures(query: TrendQueryInput) -> None:
    if not 1 <= query.breakdown_limit <= MAX_BREAKDOWN_LIMIT:
        raise BadUserInput(
            f"breakdownLimit is 1 to {MAX_BREAKDOWN_LIMIT}, not {query.breakdown_limit}.",
            path=(*ARGUMENT, "breakdownLimit"),
        )
    if query.smoothing_intervals < 1:
        raise BadUserInput(
            f"smoothingIntervals is at least 1, not {query.smoothing_intervals}.",
            path=(*ARGUMENT, "smoothingIntervals"),
            hint="1 leaves the figures as they are.",
        )
    if query.sampling_factor is not None and not 0 < query.sampling_factor <= 1:
        raise BadUserInput(
            f"samplingFactor is more than 0 and at most 1, not {query.sampling_factor:g}.",
            path=(*ARGUMENT, "samplingFactor"),
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
                "The event's name is empty.", path=(*path, "event"), hint="null stands for every event."
            )
        check_text(item.event, (*path, "event"), what="The event's name")
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
            "The action's id is not a number.",
            path=(*path, "actionId"),
            hint="Project.actions lists the actions you can use.",
        )
    return ActionSeries(
        action_id=int(item.action_id),
        math=_read_math(item, path),
        filters=read_filters(item.properties, item.property_group, path),
        custom_name=_read_custom_name(item, path),
        path=path,
    )


def _read_custom_name(item: SeriesInput, path: InputPath) -> str | None:
    if item.custom_name is not None:
        check_text(item.custom_name, (*path, "customName"), what="The custom name")
    return item.custom_name


def _read_math(item: SeriesInput, path: InputPath) -> Math:
    check_group_index(item.math_group_type_index, (*path, "mathGroupTypeIndex"))
    if item.math_property is not None:
        check_key(item.math_property, (*path, "mathProperty"))
    if item.math_expression is not None:
        check_key(item.math_expression, (*path, "mathExpression"), is_expression=True)
    return Math(
        kind=item.math,
        property=item.math_property,
        property_type=item.math_property_type,
        group_type_index=item.math_group_type_index,
        expression=item.math_expression,
    )


def _read_formulas(query: TrendQueryInput) -> tuple[Formula, ...]:
    if query.formula is not None:
        if query.formulas:
            raise BadUserInput(
                "formula and formulas exclude each other.",
                path=(*ARGUMENT, "formula"),
                hint="Put every formula into formulas.",
            )
        return (_read_formula(query.formula, None, (*ARGUMENT, "formula")),)
    listed = query.formulas or []
    if len(listed) > MAX_FORMULAS:
        raise BadUserInput(
            f"There are {len(listed)} formulas; {MAX_FORMULAS} are allowed.", path=(*ARGUMENT, "formulas")
        )
    return tuple(
        _read_formula(item.formula, item.custom_name, (*ARGUMENT, "formulas", index))
        for index, item in enumerate(listed)
    )


def _read_formula(text: str, custom_name: str | None, path: InputPath) -> Formula:
    check_text(text, path, what="The formula", longest=LONGEST_EXPRESSION)
    if custom_name is not None:
        check_text(custom_name, (*path, "customName"), what="The custom name")
    return Formula(text=text, custom_name=custom_name, path=path)
