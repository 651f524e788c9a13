"""The sizes of what clients write into a trend, an action or a cohort.

Filters are checked when a front end reads them, before anything is loaded for them, and again when they are
compiled, since stored ones may be older than the limits.
"""

from typing import Final

from errors import InputTooLarge
from resolvers.trends.query import FilterValue, InputPath, PropertyFilter, PropertyType
from resolvers.trends.query import PropertyOperator as Op
from resolvers.trends.regex_size import regex_size

MAX_VALUE_LENGTH: Final = 10_000
MAX_VALUES: Final = 1_000
"""Values of a list of which each becomes a condition."""
MAX_LISTED_VALUES: Final = 10_000
"""Values of a list that ClickHouse looks up in a set."""
MAX_CONDITIONS: Final = 5_000
MAX_ALL_VALUES: Final = 50_000
MAX_REGEX_LENGTH: Final = 1_000
MAX_REGEX_SIZE: Final = 10_000
MAX_ALL_REGEX_SIZES: Final = 50_000
"""ClickHouse compiles them again for each block of rows, a microsecond for each part."""
MAX_HOGQL_LENGTH: Final = 20_000

_IN_SET: Final = (Op.EXACT, Op.IS_NOT, Op.IN, Op.NOT_IN)
_ONE_BY_ONE: Final = (PropertyType.COHORT, PropertyType.ELEMENT)
_USE_IN: Final = "Use {in_} to compare with many values, or fewer values."


class InputMeter:
    """Adds up the inputs of one trend, action or cohort while they are compiled.

    Methods raise InputTooLarge at the input that exceeds a limit, its own or that of all together.
    """

    def __init__(self) -> None:
        self._conditions = 0
        self._values = 0
        self._regex_sizes = 0
        self._hogql = 0

    def add_filter(self, filter_: PropertyFilter) -> None:
        """Count the values of a filter, and the conditions that it becomes."""
        check_value(filter_)
        count = _count(filter_.value)
        self._values += count
        _check(
            self._values,
            MAX_ALL_VALUES,
            "The filters have {actual:,} values in total; the limit is {limit:,}.",
            "values",
            (*filter_.path, "value"),
        )
        self._conditions += 1 if _is_in_set(filter_) else max(1, count)
        _check(
            self._conditions,
            MAX_CONDITIONS,
            "The filters consist of {actual:,} conditions in total; the limit is {limit:,}.",
            "conditions",
            (*filter_.path, "value"),
        )

    def add_regex(self, pattern: str, path: InputPath = ()) -> None:
        """Count a client's regular expression."""
        _check(
            len(pattern),
            MAX_REGEX_LENGTH,
            "The regular expression has {actual:,} characters; the limit is {limit:,}.",
            "characters",
            path,
        )
        size = regex_size(pattern)
        _check(
            size,
            MAX_REGEX_SIZE,
            "Written out, the regular expression has {actual:,} parts; the limit is {limit:,}.",
            "parts",
            path,
        )
        self.add_regex_size(size, path)

    def add_regex_size(self, size: int, path: InputPath = ()) -> None:
        """Count a regular expression of the compiler's own by its size."""
        self._regex_sizes += size
        _check(
            self._regex_sizes,
            MAX_ALL_REGEX_SIZES,
            "The regular expressions and selectors have {actual:,} parts in total; the limit is {limit:,}.",
            "parts",
            path,
        )

    def add_hogql(self, text: str, path: InputPath = ()) -> None:
        """Count an expression."""
        self._hogql += len(text)
        _check(
            self._hogql,
            MAX_HOGQL_LENGTH,
            "The HogQL expressions have {actual:,} characters in total; the limit is {limit:,}.",
            "characters",
            path,
        )


def check_value(filter_: PropertyFilter) -> None:
    """Raise InputTooLarge for a filter with too many values, or with one that is too long."""
    path = (*filter_.path, "value")
    is_in_set = _is_in_set(filter_)
    count, limit = _count(filter_.value), MAX_LISTED_VALUES if is_in_set else MAX_VALUES
    if count > limit:
        raise InputTooLarge(
            "The filter has {actual:,} values; the limit is {limit:,}.",
            limit=limit,
            actual=count,
            unit="values",
            path=path,
            hint=None if is_in_set else _USE_IN,
            in_=Op.IN,
        )
    values = filter_.value if isinstance(filter_.value, tuple) else (filter_.value,)
    longest = max((len(value) for value in values if isinstance(value, str)), default=0)
    _check(
        longest,
        MAX_VALUE_LENGTH,
        "The value of the filter has {actual:,} characters; the limit is {limit:,}.",
        "characters",
        path,
    )


def _check(actual: int, limit: int, template: str, unit: str, path: InputPath) -> None:
    if actual > limit:
        raise InputTooLarge(template, limit=limit, actual=actual, unit=unit, path=path)


def _count(value: FilterValue) -> int:
    return len(value) if isinstance(value, tuple) else 1


def _is_in_set(filter_: PropertyFilter) -> bool:
    return filter_.operator in _IN_SET and filter_.type not in _ONE_BY_ONE
