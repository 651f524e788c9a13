"""Tables come in parts that fit together."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from resolvers.trends.arrow_export import table_schema, write_arrow, write_parquet
from resolvers.trends.csv import write_csv, write_csv_chunks
from resolvers.trends.query import TrendInterval, TrendMath
from resolvers.trends.results import SeriesResult, Statistics, TrendResult

DAYS = ("2020-01-13", "2020-01-14")
NOON = datetime(2020, 1, 14, 12, tzinfo=UTC)


def answer(values: int) -> TrendResult:
    series = tuple(
        SeriesResult(
            label=str(value),
            order=0,
            event="a",
            math=TrendMath.AVG,
            data=(float(value), None),
            days=DAYS,
            labels=DAYS,
            count=float(value),
            breakdown_value=(str(value),),
        )
        for value in range(values)
    )
    return TrendResult(
        series=series,
        days=DAYS,
        labels=DAYS,
        interval=TrendInterval.DAY,
        date_from=NOON,
        date_to=NOON,
        timezone="UTC",
        has_more=False,
        sql="",
        statistics=Statistics(0, 0, 0, 1),
        breakdown_headers=("plan",),
    )


@pytest.mark.parametrize("rows_per_chunk", [1, 7, 50_000])
def test_parts_hold_every_row_once(monkeypatch: pytest.MonkeyPatch, rows_per_chunk: int) -> None:
    monkeypatch.setattr("resolvers.trends.arrow_export.ROWS_PER_CHUNK", rows_per_chunk)
    result = answer(10)
    parts = list(write_arrow(result))
    table = pa.ipc.open_stream(b"".join(parts)).read_all()
    assert table.column("breakdown_1").to_pylist() == [str(value) for value in range(10) for _ in DAYS]
    assert table.column("value").to_pylist() == [each for value in range(10) for each in (float(value), None)]
    assert (len(parts) > 2) == (rows_per_chunk < 20)
    parquet = pa.parquet.read_table(pa.BufferReader(b"".join(write_parquet(result))))
    assert parquet.to_pylist() == table.to_pylist()
    assert parquet.schema.equals(table_schema(result), check_metadata=False)


def test_starts_are_instants_for_parts_of_hours_and_dates_for_quarters() -> None:
    def starts(interval: TrendInterval, *days: str) -> list[object]:
        series = (replace(answer(1).series[0], days=days, labels=days),)
        zone = "Asia/Kathmandu"
        result = replace(answer(0), series=series, days=days, labels=days, interval=interval, timezone=zone)
        found: list[object] = pa.ipc.open_stream(b"".join(write_arrow(result))).read_all()["start"].to_pylist()
        return found

    half_hours = starts(TrendInterval.THIRTY_MINUTES, "2020-01-13 00:00:00", "2020-01-13 00:30:00")
    assert half_hours == [datetime(2020, 1, 12, 18, minute, tzinfo=UTC) for minute in (15, 45)]
    quarters = starts(TrendInterval.QUARTER, "2020-01-01", "2020-04-01")
    assert quarters == [date(2020, 1, 1), date(2020, 4, 1)]


def test_csv_parts_are_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    result = answer(1000)
    monkeypatch.setattr("resolvers.trends.csv.CELLS_PER_CHUNK", 400 * len(result.days))
    parts = list(write_csv_chunks(result))
    assert len(parts) == 3
    assert "".join(parts) == write_csv(result)
    assert len(write_csv(result).splitlines()) == 1000 + 1
