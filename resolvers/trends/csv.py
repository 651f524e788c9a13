"""A trend as a CSV document (RFC 4180): a row per series, a column per bucket.

Strings are exact, including those that a spreadsheet would evaluate as a formula. A safe document, for people who
open it in a spreadsheet, has an apostrophe before them, which spreadsheets take for "this is text".
"""

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

from resolvers.trends.breakdowns import NO_VALUE, OTHER_VALUES
from resolvers.trends.results import SeriesResult, TrendResult
from resolvers.worker import checkpoint

NOTHING_TO_EXPORT = "No data available or unable to format for export."
"""The only cell of a document without series, below the header `error`."""

CELLS_PER_CHUNK = 20_000

_FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What spreadsheets evaluate begins with one of these; the last four are the full-width forms of the first."""
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?", re.ASCII)

_BREAKDOWN_NAMES = {NO_VALUE: "None (i.e. no value)", OTHER_VALUES: "Other (i.e. all remaining values)"}
Row = list[str]


def write_csv(result: TrendResult, *, is_safe: bool = False) -> str:
    """Return the document, with CR LF line ends. Values have their shortest form, always as floats: 2.0."""
    return "".join(write_csv_chunks(result, is_safe=is_safe))


def write_csv_chunks(result: TrendResult, *, is_safe: bool = False) -> Iterator[str]:
    """Yield the document in chunks of several rows."""
    rows = _safe(_rows(result)) if is_safe else _rows(result)
    rows_per_chunk = max(1, CELLS_PER_CHUNK // max(1, len(result.days)))
    while chunk := list(islice(rows, rows_per_chunk)):
        checkpoint()
        written = io.StringIO()
        csv.writer(written).writerows(chunk)
        yield written.getvalue()


def _safe(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        yield [f"'{cell}" if _is_formula(cell) else cell for cell in row]


def _is_formula(cell: str) -> bool:
    return cell.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(cell)


def _rows(result: TrendResult) -> Iterator[Row]:
    if not result.series:
        yield from (["error"], [NOTHING_TO_EXPORT])
        return
    has_custom_names = any(map(_custom_name, result.series))
    labels = _labels(result)
    names = ["custom name"] * has_custom_names
    yield [_header(name) for name in ("series", *names, *result.breakdown_headers, *(labels or ["Total Sum"]))]
    for series in result.series:
        values = _filled(series.data, len(labels)) if labels else (series.aggregated_value,)
        custom_names = [_custom_name(series)] * has_custom_names
        yield [_label(series), *custom_names, *_breakdown_values(series, result), *map(_value, values)]


def _labels(result: TrendResult) -> list[str]:
    """Return the current period's labels, and those by which a previous one is longer; none for one total."""
    labels = list(result.labels)
    for series in result.series:
        labels += series.labels[len(labels) :]
    return labels


def _header(name: str) -> str:
    return name.rpartition("--")[2]


def _label(series: SeriesResult) -> str:
    period = series.compare_label
    return series.label if period is None else f"{series.label} - {period.value.lower()}"


def _custom_name(series: SeriesResult) -> str:
    """Return the client's name of a counted series; the label of a formula already has it."""
    return "" if series.formula is not None else series.custom_name or ""


def _breakdown_values(series: SeriesResult, result: TrendResult) -> Iterator[str]:
    for value in series.breakdown_value or ():
        yield result.cohort_names.get(value) or _BREAKDOWN_NAMES.get(value, value)


def _filled(data: tuple[float | None, ...], length: int) -> tuple[float | None, ...]:
    return (*data, *(None,) * (length - len(data)))


def _value(value: float | None) -> str:
    return "" if value is None else repr(float(value))
