"""Breakdowns, read from either of the two forms in which a query can give them."""

from collections.abc import Iterable, Sequence

from errors import BadUserInput, InputTooLarge, Message, Name
from resolvers.trends.query import Breakdown, BreakdownType, InputPath
from schema.input_checks import check_group_type, check_key
from schema.trend_input import BreakdownInput, TrendQueryInput

MAX_BREAKDOWNS = 3
DEFAULT_LIMIT = 25
MAX_COHORTS = 25
"""Each is a query per series."""

_GENERAL_FORM = Message(
    "Use {breakdowns} instead, where each property has its own.", {"breakdowns": Name("breakdowns")}
)


def read_breakdowns(query: TrendQueryInput, path: InputPath) -> tuple[Breakdown, ...]:
    """Read the breakdowns of a query; raises BadUserInput below `path`."""
    if query.breakdown and query.breakdowns:
        raise BadUserInput(
            "Give either {breakdown} or {breakdowns}, not both.",
            breakdown=Name("breakdown"),
            breakdowns=Name("breakdowns"),
            path=(*path, "breakdown"),
            hint="Move all properties to {breakdowns}.",
        )
    if query.breakdown:
        return _read_keys(query, query.breakdown, path)
    _check_breakdown_is_given(query, path)
    return _read_listed(query.breakdowns or (), (*path, "breakdowns"))


def _read_keys(query: TrendQueryInput, keys: Sequence[str], path: InputPath) -> tuple[Breakdown, ...]:
    is_by_cohort = query.breakdown_type is BreakdownType.COHORT
    _check_count(len(keys), (*path, "breakdown"), limit=MAX_COHORTS if is_by_cohort else MAX_BREAKDOWNS)
    if len(keys) > 1:
        _check_options_of_single_key(query, path)
    _check_bins(query.breakdown_histogram_bin_count, (*path, "breakdown_histogram_bin_count"))
    check_group_type(
        query.breakdown_group_type_index,
        (*path, "breakdown_group_type_index"),
        is_group=query.breakdown_type is BreakdownType.GROUP,
    )
    is_expression = query.breakdown_type is BreakdownType.HOGQL
    for index, key in enumerate(keys):
        check_key(key, (*path, "breakdown", index), is_expression=is_expression)
    return _unique_cohorts(
        Breakdown(
            property=key,
            type=query.breakdown_type,
            group_type_index=query.breakdown_group_type_index,
            histogram_bin_count=query.breakdown_histogram_bin_count,
            normalize_url=query.breakdown_normalize_url,
            path=(*path, "breakdown", index),
        )
        for index, key in enumerate(keys)
    )


def _read_listed(listed: Sequence[BreakdownInput], path: InputPath) -> tuple[Breakdown, ...]:
    _check_count(len(listed), path)
    return _unique_cohorts(_read_one(item, (*path, index)) for index, item in enumerate(listed))


def _read_one(item: BreakdownInput, path: InputPath) -> Breakdown:
    check_key(item.property, (*path, "property"), is_expression=item.type is BreakdownType.HOGQL)
    check_group_type(
        item.group_type_index,
        (*path, "group_type_index"),
        is_group=item.type is BreakdownType.GROUP,
    )
    _check_bins(item.histogram_bin_count, (*path, "histogram_bin_count"))
    return Breakdown(
        property=item.property,
        type=item.type,
        group_type_index=item.group_type_index,
        histogram_bin_count=item.histogram_bin_count,
        normalize_url=item.normalize_url,
        path=path,
    )


def _check_count(count: int, path: InputPath, *, limit: int = MAX_BREAKDOWNS) -> None:
    if count > limit:
        raise InputTooLarge(
            "The query has {actual:,} breakdowns; the limit is {limit:,}.",
            limit=limit,
            actual=count,
            unit="breakdowns",
            path=path,
        )


def _unique_cohorts(breakdowns: Iterable[Breakdown]) -> tuple[Breakdown, ...]:
    """Return the breakdowns; raises BadUserInput for a cohort that occurs twice, each of which is a query."""
    read = tuple(breakdowns)
    known: set[str] = set()
    for breakdown in read:
        if breakdown.type is BreakdownType.COHORT and breakdown.property in known:
            raise BadUserInput(
                "The query has the cohort {id!r} twice.", id=breakdown.property, path=breakdown.path
            )
        known.add(breakdown.property)
    return read


def _check_bins(count: int | None, path: InputPath) -> None:
    if count is not None and count < 1:
        raise BadUserInput("A histogram must have at least 1 bin, not {count}.", count=count, path=path)


def _check_options_of_single_key(query: TrendQueryInput, path: InputPath) -> None:
    options = {
        "breakdown_histogram_bin_count": query.breakdown_histogram_bin_count is not None,
        "breakdown_normalize_url": query.breakdown_normalize_url,
    }
    for name, is_given in options.items():
        if is_given:
            raise BadUserInput(
                "{option} is allowed with a single key only.",
                option=Name(name),
                path=(*path, name),
                hint=_GENERAL_FORM,
            )


def _check_breakdown_is_given(query: TrendQueryInput, path: InputPath) -> None:
    options = {
        "breakdown_type": query.breakdown_type is not BreakdownType.EVENT,
        "breakdown_group_type_index": query.breakdown_group_type_index is not None,
        "breakdown_histogram_bin_count": query.breakdown_histogram_bin_count is not None,
        "breakdown_normalize_url": query.breakdown_normalize_url,
    }
    for name, is_given in options.items():
        if is_given:
            raise BadUserInput(
                "{option} requires {breakdown}, which is missing.",
                option=Name(name),
                breakdown=Name("breakdown"),
                path=(*path, name),
                hint=_GENERAL_FORM,
            )


def check_cohort_limit(query: TrendQueryInput, path: InputPath) -> None:
    """Raise BadUserInput for a limit of cohorts, each of which has a series."""
    if query.breakdown_limit != DEFAULT_LIMIT and has_several_cohorts(query):
        raise BadUserInput(
            "A breakdown by cohorts has a series for each of them and does not use {breakdown_limit}.",
            breakdown_limit=Name("breakdown_limit"),
            path=(*path, "breakdown_limit"),
            hint="Omit {breakdown_limit}.",
        )


def has_several_cohorts(query: TrendQueryInput) -> bool:
    """Whether the query breaks down by more than one cohort."""
    listed = sum(item.type is BreakdownType.COHORT for item in query.breakdowns or ())
    keys = len(query.breakdown or ()) if query.breakdown_type is BreakdownType.COHORT else 0
    return listed + keys > 1
