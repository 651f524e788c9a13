"""The two forms in which a client can ask for breakdowns, as one."""

from collections.abc import Sequence

from errors import BadUserInput
from resolvers.trends.query import Breakdown, BreakdownType, InputPath
from schema.input_checks import check_group_type, check_key
from schema.trend_input import BreakdownInput, TrendQueryInput

MAX_BREAKDOWNS = 3
_GENERAL_FORM = "breakdowns, the general form, says this for each property."


def read_breakdowns(query: TrendQueryInput, path: InputPath) -> tuple[Breakdown, ...]:
    """Raises BadUserInput below `path`."""
    if query.breakdown and query.breakdowns:
        raise BadUserInput(
            "breakdown and breakdowns exclude each other.",
            path=(*path, "breakdown"),
            hint="Put every property into breakdowns.",
        )
    if query.breakdown:
        return _read_keys(query, query.breakdown, path)
    _refuse_details_without_breakdown(query, path)
    return _read_listed(query.breakdowns or (), (*path, "breakdowns"))


def _read_keys(query: TrendQueryInput, keys: Sequence[str], path: InputPath) -> tuple[Breakdown, ...]:
    if query.breakdown_type is not BreakdownType.COHORT:
        _check_count(len(keys), (*path, "breakdown"))
    if len(keys) > 1:
        _refuse_details_of_one(query, path)
    _check_bins(query.breakdown_histogram_bin_count, (*path, "breakdownHistogramBinCount"))
    check_group_type(
        query.breakdown_group_type_index,
        (*path, "breakdownGroupTypeIndex"),
        is_group=query.breakdown_type is BreakdownType.GROUP,
    )
    is_expression = query.breakdown_type is BreakdownType.HOGQL
    for index, key in enumerate(keys):
        check_key(key, (*path, "breakdown", index), is_expression=is_expression)
    return tuple(
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
    return tuple(_read_one(item, (*path, index)) for index, item in enumerate(listed))


def _read_one(item: BreakdownInput, path: InputPath) -> Breakdown:
    check_key(item.property, (*path, "property"), is_expression=item.type is BreakdownType.HOGQL)
    check_group_type(
        item.group_type_index,
        (*path, "groupTypeIndex"),
        is_group=item.type is BreakdownType.GROUP,
    )
    _check_bins(item.histogram_bin_count, (*path, "histogramBinCount"))
    return Breakdown(
        property=item.property,
        type=item.type,
        group_type_index=item.group_type_index,
        histogram_bin_count=item.histogram_bin_count,
        normalize_url=item.normalize_url,
        path=path,
    )


def _check_count(count: int, path: InputPath) -> None:
    if count > MAX_BREAKDOWNS:
        raise BadUserInput(f"There are {count} breakdowns; {MAX_BREAKDOWNS} are allowed.", path=path)


def _check_bins(count: int | None, path: InputPath) -> None:
    if count is not None and count < 1:
        raise BadUserInput(f"A histogram has at least 1 bin, not {count}.", path=path)


def _refuse_details_of_one(query: TrendQueryInput, path: InputPath) -> None:
    if query.breakdown_histogram_bin_count is not None:
        raise BadUserInput(
            "breakdownHistogramBinCount goes with one key only.",
            path=(*path, "breakdownHistogramBinCount"),
            hint=_GENERAL_FORM,
        )
    if query.breakdown_normalize_url:
        raise BadUserInput(
            "breakdownNormalizeUrl goes with one key only.",
            path=(*path, "breakdownNormalizeUrl"),
            hint=_GENERAL_FORM,
        )


def _refuse_details_without_breakdown(query: TrendQueryInput, path: InputPath) -> None:
    details = {
        "breakdownType": query.breakdown_type is not BreakdownType.EVENT,
        "breakdownGroupTypeIndex": query.breakdown_group_type_index is not None,
        "breakdownHistogramBinCount": query.breakdown_histogram_bin_count is not None,
        "breakdownNormalizeUrl": query.breakdown_normalize_url,
    }
    for name, is_given in details.items():
        if is_given:
            raise BadUserInput(
                f"{name} describes breakdown, which is missing.", path=(*path, name), hint=_GENERAL_FORM
            )
