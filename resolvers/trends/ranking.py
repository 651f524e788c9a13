"""The limit of breakdown values: the largest keep their name, the figures of the others are merged."""

from collections.abc import Sequence
from dataclasses import dataclass

from datasource.sql.tree import (
    Call,
    Column,
    Derived,
    Expr,
    Infix,
    Lambda,
    Named,
    Number,
    Order,
    Over,
    Param,
    Select,
    Union,
    call,
    compare,
    either,
    equals,
)
from resolvers.trends.breakdowns import NO_VALUE, OTHER_VALUES
from resolvers.trends.query import Math, TrendMath
from resolvers.trends.selection import BUCKET, FIGURE, inherited, names

_BUCKETS = "buckets"
_FIGURES = "figures"
_LINE = "line"
_PLACE = "place"
_RAW = "raw"
_RUNNING = "running"
_SERIES = "series"
_SIZE = "size"
_SUMS = "sums"

_MERGES = {TrendMath.MIN: "min", TrendMath.MAX: "max"}
_CAN_FALL = frozenset(
    {
        TrendMath.SUM,
        TrendMath.AVG,
        TrendMath.MIN,
        TrendMath.MAX,
        TrendMath.MEDIAN,
        TrendMath.P75,
        TrendMath.P90,
        TrendMath.P95,
        TrendMath.P99,
        TrendMath.HOGQL,
    }
)
"""Maths whose figures can be negative, so that running sums of them can fall."""

_ROUNDING_ERRORS = 1e-9
"""More than what a mean of floats can miss a whole number by, unless its values are large."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The figures of a series for each breakdown value, and for each bucket where there are buckets."""

    series_index: int
    query: Select
    math: Math


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` values keep their name. `values` are their columns; without `bucket_count` a value has one total."""

    most: int
    values: tuple[Named, ...]
    bucket_count: int | None
    is_cumulative: bool = False
    smoothing: int = 1

    def merges_lines(self, maths: Sequence[Math]) -> bool:
        """Whether figures must be accumulated and smoothed before they are merged, as the order then matters."""
        if self.bucket_count is None:
            return False
        return self.smoothing > 1 or (self.is_cumulative and any(math.kind in _CAN_FALL for math in maths))


def limit_values(counted: Sequence[Counted], limit: Limit) -> Select:
    """The query that keeps the names of the largest values and merges the others under OTHER_VALUES.

    Several series are ranked together, by the sum of their figures. Over time a row has a value with parallel
    lists of buckets and figures, and NO_VALUE ranks last. For displays of one total it has a value with its
    figure, and all rank by size only. The last column of several series is the index of the series.

    Figures are neither accumulated nor smoothed, except those of OTHER_VALUES where `merges_lines`.
    """
    return _Ranking(tuple(counted), limit).query()


@dataclass(frozen=True, slots=True)
class _Ranking:
    counted: tuple[Counted, ...]
    limit: Limit

    @property
    def values(self) -> tuple[Named, ...]:
        return inherited(self.limit.values)

    @property
    def series(self) -> tuple[Named, ...]:
        return (Named(Column(_SERIES), _SERIES),) if len(self.counted) > 1 else ()

    @property
    def merges_lines(self) -> bool:
        return self.limit.merges_lines([each.math for each in self.counted])

    @property
    def numbers(self) -> tuple[Named, ...]:
        if self.limit.bucket_count is None:
            found: tuple[str, ...] = (FIGURE,)
        else:
            found = (_RAW, _LINE) if self.merges_lines else (_BUCKETS, _FIGURES)
        return tuple(Named(Column(name), name) for name in found)

    def query(self) -> Select:
        sizes = [self._sizes(each) for each in self.counted]
        ranked = self._ranked(sizes[0] if len(sizes) == 1 else self._common_sizes(sizes))
        keeps_name = compare(Column(_PLACE), "<=", Number(self.limit.most))
        shown = tuple(
            Named(call("if", keeps_name, value.expr, Param(OTHER_VALUES, "String")), f"name{n}")
            for n, value in enumerate(self.values)
        )
        return Select(
            columns=(*shown, *self._merged(keeps_name), *self.series),
            source=Derived(ranked, "ranked"),
            group_by=(*names(shown), *names(self.series)),
        )

    def _sizes(self, counted: Counted) -> Select:
        """The values of a series with their figures and their size."""
        series = (Named(Number(counted.series_index), _SERIES),) if self.series else ()
        if self.limit.bucket_count is None:
            size = Named(Column(FIGURE), _SIZE)
            columns = (*self.values, Named(self._figure, FIGURE), size, *series)
            return Select(columns=columns, source=Derived(counted.query, "counted"))
        if self.merges_lines:
            return self._lines(counted, series, self.limit.bucket_count)
        number = self._figure
        if self.limit.is_cumulative:  # a figure is in the running sum of its bucket and of every later one
            later = Infix("-", (Number(self.limit.bucket_count), Column(BUCKET)))
            number = Infix("*", (number, later))
        return Select(
            columns=(
                *self.values,
                Named(call("groupArray", Column(BUCKET)), _BUCKETS),
                Named(call("groupArray", self._figure), _FIGURES),
                Named(call("sum", number), _SIZE),
                *series,
            ),
            source=Derived(counted.query, "counted"),
            group_by=names(self.values),
        )

    @property
    def _figure(self) -> Expr:
        # Counts and sums have different types, which a UNION does not reconcile.
        return call("toFloat64", Column(FIGURE)) if self.series else Column(FIGURE)

    def _lines(self, counted: Counted, series: tuple[Named, ...], count: int) -> Select:
        figure = call("ifNotFinite", call("toFloat64", Column(FIGURE)), Number(0.0))
        raw = Call("groupArrayInsertAt", (figure, call("toUInt32", Column(BUCKET))), (Number(0.0), Number(count)))
        filled = Select(
            columns=(*self.values, Named(raw, _RAW)),
            source=Derived(counted.query, "counted"),
            group_by=names(self.values),
        )
        running = _running_sums(Column(_RAW)) if self.limit.is_cumulative else Column(_RAW)
        columns = (*self.values, Named(Column(_RAW), _RAW), Named(running, _RUNNING))
        smoothed = _smoothed(Column(_RUNNING), self.limit.smoothing, count)
        return Select(
            columns=(
                *columns,
                Named(call("arrayCumSum", Column(_RUNNING)), _SUMS),
                Named(smoothed, _LINE),
                Named(call("arraySum", Column(_LINE)), _SIZE),
                *series,
            ),
            source=Derived(filled, "filled"),
        )

    def _common_sizes(self, sizes: Sequence[Select]) -> Select:
        """The values of all series, each with the sum of its sizes."""
        size = Over(call("sum", Column(_SIZE)), (), partition_by=names(self.values))
        return Select(
            columns=(*self.values, *self.numbers, Named(size, "common_size"), *self.series),
            source=Derived(Union(tuple(sizes)), "sizes"),
        )

    def _ranked(self, sizes: Select) -> Select:
        missing = either(*(equals(value.expr, Param(NO_VALUE, "String")) for value in self.values))
        size = Order(Column("common_size" if self.series else _SIZE), is_descending=True)
        by_class = () if self.limit.bucket_count is None else (Order(missing or Number(0)),)
        order = (*by_class, size, *(Order(value.expr) for value in self.values))
        place = Named(Over(call("dense_rank"), order), _PLACE)
        return Select(columns=(*self.values, *self.numbers, place, *self.series), source=Derived(sizes, "sizes"))

    def _merged(self, keeps_name: Expr) -> tuple[Named, ...]:
        count = self.limit.bucket_count
        if count is None:
            return (Named(self._merge("", Column(FIGURE)), "merged_figure"),)
        if self.merges_lines:
            figures = self._merge("ForEach", call("if", keeps_name, Column(_RAW), Column(_LINE)))
            buckets: Expr = call("range", Number(count))
        else:
            merged = self._merge("Map", Column(_BUCKETS), Column(_FIGURES))
            buckets, figures = (call("tupleElement", merged, Number(n)) for n in (1, 2))
        return Named(buckets, "merged_buckets"), Named(figures, "merged_figures")

    def _merge(self, combinator: str, *figures: Expr) -> Expr:
        """Merge the figures of each series by its math."""
        series_of: dict[str, list[int]] = {}
        for each in self.counted:
            series_of.setdefault(self._merging_function(each.math), []).append(each.series_index)
        (first, _), *others = series_of.items()
        merged: Expr = call(f"{first}{combinator}", *figures)
        for function, indices in others:
            is_one = either(*(equals(Column(_SERIES), Number(index)) for index in indices)) or Number(0)
            merged = call("if", is_one, call(f"{function}{combinator}", *figures), merged)
        return merged

    def _merging_function(self, math: Math) -> str:
        if math.kind is TrendMath.AVG and self.limit.bucket_count is None:
            return "avg"
        return _MERGES.get(math.kind, "sum")


def _running_sums(figures: Expr) -> Expr:
    """Running sums, of which one that is not above zero repeats the one before; see series_rows.py."""
    value = Column("x")
    above_zero = Lambda(("x",), compare(value, ">", Number(0)))
    filled = call("arrayFill", above_zero, call("arrayCumSum", figures))
    return call("arrayMap", Lambda(("x",), call("greatest", value, Number(0.0))), filled)


def _smoothed(line: Column, intervals: int, count: int) -> Expr:
    """The means of the last `intervals` values, rounded down; their sums are differences of those in `sums`."""
    if intervals == 1:
        return line
    sums = Column(_SUMS)
    start = call("arrayWithConstant", Number(min(intervals, count)), Number(0.0))
    before = call("arrayConcat", start, call("arraySlice", sums, Number(1), Number(max(0, count - intervals))))
    until, since, place = (Column(name) for name in ("until", "since", "place"))
    mean = Infix("/", (Infix("-", (until, since)), call("least", place, Number(intervals))))
    floor = call("floor", Infix("+", (mean, Number(_ROUNDING_ERRORS))))
    places = call("range", Number(1), Number(count + 1))
    return call("arrayMap", Lambda(("until", "since", "place"), floor), sums, before, places)
