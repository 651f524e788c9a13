"""A trend as a CSV document (RFC 4180): a line per series, a column per bucket.

Texts are exact, also those that a spreadsheet would read as a formula: whoever opens the document in one has to
import its columns as text.
"""

import csv
import io
from collections.abc import Iterator
from itertools import islice

from resolvers.trends.breakdowns import NO_VALUE, OTHER_VALUES
from resolvers.trends.results import SeriesResult, TrendResult

NOTHING_TO_EXPORT = "No data available or unable to format for export."
"""The only cell of a document without series, below the header `error`."""

LINES_PER_PART = 500

_WORDS = {NO_VALUE: "None (i.e. no value)", OTHER_VALUES: "Other (i.e. all remaining values)"}
Row = list[str]


def write_csv(result: TrendResult) -> str:
    """The document, lines ended by CR LF. Figures print shortest, and always as floats: 2.0."""
    return "".join(write_csv_parts(result))


def write_csv_parts(result: TrendResult) -> Iterator[str]:
    """The same in parts of some lines each."""
    rows = _rows(result)
    while lines := list(islice(rows, LINES_PER_PART)):
        part = io.StringIO()
        csv.writer(part).writerows(lines)
        yield part.getvalue()


def _rows(result: TrendResult) -> Iterator[Row]:
    if not result.series:
        yield from (["error"], [NOTHING_TO_EXPORT])
        return
    has_custom_names = any(map(_custom_name, result.series))
    labels = _labels(result)
    names = ["custom name"] * has_custom_names
    yield [_header(text) for text in ("series", *names, *result.breakdown_headers, *(labels or ["Total Sum"]))]
    for series in result.series:
        figures = _filled(series.data, len(labels)) if labels else (series.aggregated_value,)
        custom_names = [_custom_name(series)] * has_custom_names
        yield [_label(series), *custom_names, *_values(series, result), *map(_figure, figures)]


def _labels(result: TrendResult) -> list[str]:
    """The current period's, and what a longer previous one has beyond them; none for displays of one total."""
    labels = list(result.labels)
    for series in result.series:
        labels += series.labels[len(labels) :]
    return labels


def _header(text: str) -> str:
    return text.rpartition("--")[2]


def _label(series: SeriesResult) -> str:
    period = series.compare_label
    return series.label if period is None else f"{series.label} - {period.value.lower()}"


def _custom_name(series: SeriesResult) -> str:
    """The name that a client gave to what was counted; a formula's own is its label already."""
    return "" if series.formula is not None else series.custom_name or ""


def _values(series: SeriesResult, result: TrendResult) -> Iterator[str]:
    for value in series.breakdown_value or ():
        yield result.cohort_names.get(value) or _WORDS.get(value, value)


def _filled(data: tuple[float | None, ...], length: int) -> tuple[float | None, ...]:
    return (*data, *(None,) * (length - len(data)))


def _figure(figure: float | None) -> str:
    return "" if figure is None else repr(float(figure))
