"""Times of events, ISO 8601 strings or Unix times, parsed to microseconds since 1970 in UTC."""

import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datasource import event_times

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (event_times.FIRST - _EPOCH) // _MICROSECOND
_LAST = (event_times.END - _EPOCH) // _MICROSECOND - 1

_ISO = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[T ](?P<time>\d\d(?::?\d\d(?::?\d\d)?)?)(?:[.,](?P<fraction>\d{1,9}))?"
    r"\s?(?P<zone>Z|z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)

_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>[01]\d|2[0-3]):(?P<minutes>[0-5]\d)", re.ASCII)
_UNIX = re.compile(r"\d{9,13}(?:\.\d{1,9})?", re.ASCII)
_FIRST_MILLISECONDS = 100_000_000_000
"""Unix times from here on are milliseconds. As seconds this is the year 5138, as milliseconds 1973."""

_OFFSET_LENGTH = len("+00:00")
_MINUTE_US = 60_000_000


def parse_timestamp(value: object) -> int:
    """Parse a time to microseconds since 1970; without an offset it is UTC. Raises ValueError with the reason.

    Numbers, and strings of at least nine digits, are Unix times in seconds or milliseconds. Digits beyond the
    microsecond are cut off.
    """
    micros = _to_micros(value)
    if not _FIRST <= micros <= _LAST:
        raise ValueError(
            f"timestamp {_quote(value)} is outside 1970-01-02 to 2105-12-31 (UTC): the clock was probably not set"
        )
    return micros


def _to_micros(value: object) -> int:
    if isinstance(value, str) and _UNIX.fullmatch(value.strip()):
        return _from_unix(Decimal(value.strip()))
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return _from_unix(Decimal(str(value)))
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif isinstance(value, str):
        moment = _parse(value)
    else:
        raise ValueError(
            f"timestamp {_quote(value)} is neither a string such as 2024-01-31T12:00:00Z nor a number"
        )
    return (moment - _EPOCH) // _MICROSECOND


def _from_unix(value: Decimal) -> int:
    return int(value * (1_000_000 if value < _FIRST_MILLISECONDS else 1000))


def parse_timestamps(array: pa.Array) -> npt.NDArray[np.int64] | None:
    """Parse a whole array at once, or return None when it must be parsed value by value."""
    if pa.types.is_string(array.type):
        micros = _parse_strings(array)
    elif pa.types.is_timestamp(array.type):
        micros = _cast(array, pa.timestamp("us", array.type.tz))
    else:
        return None
    if micros is None or len(micros) == 0 or micros.min() < _FIRST or micros.max() > _LAST:
        return None
    return micros


def _parse_strings(array: pa.Array) -> npt.NDArray[np.int64] | None:
    # Arrow reads times with an offset too, but first takes seconds to read its database of time zones.
    if pc.all(pc.ends_with(array, "Z")).as_py():
        return _cast(pc.utf8_rtrim(array, "Z"), pa.timestamp("us"))
    zones = pc.utf8_slice_codeunits(array, -_OFFSET_LENGTH).dictionary_encode()
    offsets = [_OFFSET.fullmatch(zone) for zone in zones.dictionary.to_pylist()]
    if not any(offsets):
        return _cast(array, pa.timestamp("us"))
    local = _cast(pc.utf8_slice_codeunits(array, 0, -_OFFSET_LENGTH), pa.timestamp("us"))
    if local is None or not all(offsets):
        return None
    shifts = [
        int(match["sign"] + "1") * (int(match["hours"]) * 60 + int(match["minutes"])) for match in offsets if match
    ]
    utc: npt.NDArray[np.int64] = local - np.array(shifts, np.int64)[np.asarray(zones.indices)] * _MINUTE_US
    return utc


def _cast(array: pa.Array, kind: pa.DataType) -> npt.NDArray[np.int64] | None:
    try:
        micros: npt.NDArray[np.int64] = np.asarray(pc.cast(array, kind).cast(pa.int64()))
    except pa.ArrowInvalid:
        return None
    return micros


def _parse(string: str) -> datetime:
    match = _ISO.fullmatch(string.strip())
    if match is None:
        raise ValueError(f"timestamp {_quote(string)} is not a valid time")
    zone = (match["zone"] or "Z").upper().replace("Z", "+00:00")
    clock = match["time"] or "00:00"
    try:
        moment = datetime.fromisoformat(f"{match['day']}T{clock}{zone}")
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"timestamp {_quote(string)} does not exist") from error
    return moment.replace(microsecond=int((match["fraction"] or "0").ljust(6, "0")[:6]))


def _quote(value: object) -> str:
    return repr(value)[:80]
