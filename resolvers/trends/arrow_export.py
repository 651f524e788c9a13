"""A trend as a table for programs: a row per series and bucket, in Arrow's stream format or as Parquet."""

import io
from collections.abc import Generator, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from resolvers.trends.breakdowns import NO_VALUE
from resolvers.trends.buckets import read_starts
from resolvers.trends.intervals import CLOCK_INTERVALS
from resolvers.trends.results import SeriesResult, TrendResult

ROWS_PER_CHUNK = 50_000
"""A batch of Arrow, a row group of Parquet: the overhead of small ones is larger than their content."""


class ChunkBuffer(io.RawIOBase):
    """Collects what is written until it is taken."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        chunk = bytes(data)  # type: ignore[call-overload]  # a buffer
        self._chunks.append(chunk)
        return len(chunk)

    def take(self) -> bytes:
        """Return what was written since the last call."""
        taken, self._chunks = b"".join(self._chunks), []
        return taken


def write_arrow(result: TrendResult) -> Generator[bytes]:
    """Yield the stream in chunks."""
    schema, buffer = table_schema(result), ChunkBuffer()
    with pa.ipc.new_stream(pa.PythonFile(buffer, mode="w"), schema) as writer:
        for chunk in _chunks(result, schema):
            writer.write_table(chunk)
            yield buffer.take()
    yield buffer.take()


def write_parquet(result: TrendResult) -> Generator[bytes]:
    """Yield the file in chunks, each a row group."""
    schema, buffer = table_schema(result), ChunkBuffer()
    with pq.ParquetWriter(pa.PythonFile(buffer, mode="w"), schema) as writer:
        for chunk in _chunks(result, schema):
            writer.write_table(chunk)
            yield buffer.take()
    yield buffer.take()


def table_schema(result: TrendResult) -> pa.Schema:
    """Return the columns; the metadata of a breakdown column names its property."""
    breakdowns = [
        pa.field(f"breakdown_{place}", pa.string(), metadata={"property": header})
        for place, header in enumerate(result.breakdown_headers, start=1)
    ]
    bucket = [
        pa.field("start", _start_type(result), nullable=False),
        pa.field("bucket", pa.string(), nullable=False),
    ]
    return pa.schema(
        [
            pa.field("series", pa.int32(), nullable=False),
            pa.field("label", pa.string(), nullable=False),
            pa.field("custom_name", pa.string()),
            pa.field("period", pa.string()),
            *breakdowns,
            *(bucket if result.days else ()),
            pa.field("value", pa.float64()),
        ],
        metadata={"timezone": result.timezone, "interval": result.interval.value},
    )


def _start_type(result: TrendResult) -> pa.DataType:
    """Return the type of bucket starts: dates for days and longer, else instants in the project's time zone."""
    return pa.timestamp("s", tz=result.timezone) if result.interval in CLOCK_INTERVALS else pa.date32()


def _chunks(result: TrendResult, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield whole series, together about ROWS_PER_CHUNK rows."""
    per_chunk = max(1, ROWS_PER_CHUNK // max(1, len(result.days)))
    axes = _Axes(result)
    for first in range(0, len(result.series), per_chunk):
        batches = [_batch(series, axes, schema) for series in result.series[first : first + per_chunk]]
        yield pa.Table.from_batches(batches, schema).combine_chunks()


def _batch(series: SeriesResult, axes: "_Axes", schema: pa.Schema) -> pa.RecordBatch:
    has_axis = bool(axes.result.days)
    values: Sequence[float | None] = series.data if has_axis else (series.aggregated_value,)
    period = None if series.compare_label is None else series.compare_label.value.lower()
    repeated: list[object] = [series.order, series.label, series.custom_name, period]
    repeated += [None if value == NO_VALUE else value for value in series.breakdown_value or ()]
    arrays = [
        pa.repeat(pa.scalar(value, type=field.type), len(values))
        for value, field in zip(repeated, schema, strict=False)  # further columns follow
    ]
    if has_axis:
        arrays += axes.columns(series)
    numbers = [None if value is None else float(value) for value in values]
    arrays.append(pa.array(numbers, type=pa.float64()))
    return pa.record_batch(arrays, schema=schema)


class _Axes:
    """The columns of time axes, each of which is converted once: all series of a period have the same."""

    def __init__(self, result: TrendResult) -> None:
        self.result = result
        self._columns: dict[int, list[pa.Array]] = {}

    def columns(self, series: SeriesResult) -> list[pa.Array]:
        """Return starts and labels."""
        # By identity: comparing long axes takes as long as converting them.
        key = id(series.days)
        if key not in self._columns:
            starts = pa.array(_starts(series.days, self.result), type=_start_type(self.result))
            self._columns[key] = [starts, pa.array(series.labels, type=pa.string())]
        return self._columns[key]


def _starts(days: Sequence[str], result: TrendResult) -> Sequence[object]:
    starts: list[datetime] = read_starts(days, ZoneInfo(result.timezone), result.interval)
    return starts if result.interval in CLOCK_INTERVALS else [start.date() for start in starts]
