"""Values of ClickHouse's wire as its JSON writes them and a JSON reader reads them back."""

import math
import re
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

Reader = Callable[[bytes], object]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY: Final = date(1970, 1, 1).toordinal()
_EXACT: Final = 2**53
_LEAST: Final = -(2**63)
_MOST: Final = 2**64 - 1
_PLAIN_UNTIL: Final = 1e21  # from here on ClickHouse writes floats with an exponent
_RUN_OF_REPLACEMENTS: Final = re.compile("\N{REPLACEMENT CHARACTER}+")
_REPLACED: Final = "\N{REPLACEMENT CHARACTER}".encode()


def read_text(data: bytes) -> str:
    """UTF-8; each run of bytes that are none becomes one replacement character, which is ClickHouse's way."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "".join(_valid_parts(data))


def _valid_parts(data: bytes) -> list[str]:
    parts, rest = [], data
    while rest:
        try:
            parts.append(rest.decode())
            break
        except UnicodeDecodeError as invalid:
            parts.append(rest[: invalid.start].decode())
            if not parts[-1] and len(parts) > 1:
                parts.pop()
            else:
                parts.append("\N{REPLACEMENT CHARACTER}")
            rest = rest[invalid.end :]
    return parts


def read_float(value: float) -> int | float | None:
    """JSON has no NaN and no infinity, and writes 3.0 as 3."""
    if not math.isfinite(value):
        return None
    if not value.is_integer():
        return value
    if abs(value) < _EXACT:
        return int(value)
    return _whole(int(Decimal(repr(value)))) if abs(value) < _PLAIN_UNTIL else value


def read_small_float(value: float) -> int | float | None:
    """The same for 32 bits, of which fewer digits are enough."""
    return read_float(float(str(np.float32(value)))) if math.isfinite(value) else None


def _whole(value: int) -> int | float:
    # A JSON reader has integers of 64 bits.
    return value if _LEAST <= value <= _MOST else float(value)


def integer_reader(*, is_signed: bool) -> Reader:
    """Integers of any width."""
    return lambda data: _whole(int.from_bytes(data, "little", signed=is_signed))


def decimal_reader(scale: int) -> Reader:
    """Fixed-point numbers: integers in units of 10 to the minus `scale`."""
    unit = 10**scale

    def read(data: bytes) -> int | float:
        units = int.from_bytes(data, "little", signed=True)
        whole, rest = divmod(abs(units), unit)
        if not rest:
            return _whole(-whole if units < 0 else whole)
        return float(f"{'-' if units < 0 else ''}{whole}.{rest:0{scale}d}")

    return read


def date_reader(*, is_signed: bool) -> Reader:
    """Days since 1970."""
    return lambda data: date.fromordinal(_FIRST_DAY + int.from_bytes(data, "little", signed=is_signed)).isoformat()


def time_reader(scale: int | None, zone: str) -> Reader:
    """Times since 1970 in units of 10 to the minus `scale` seconds, None: whole seconds without a sign."""
    where, unit = ZoneInfo(zone), 10 ** (scale or 0)

    def read(data: bytes) -> str:
        seconds, rest = divmod(int.from_bytes(data, "little", signed=scale is not None), unit)
        moment = (_EPOCH + timedelta(seconds=seconds)).astimezone(where).replace(tzinfo=None)
        return moment.isoformat(" ") + (f".{rest:0{scale}d}" if scale else "")

    return read


def read_uuid(data: bytes) -> str:
    """Two halves of 64 bits, the high one first."""
    high, low = struct.unpack("<QQ", data)
    return str(UUID(int=high << 64 | low))


def read_ipv4(data: bytes) -> str:
    """An address as a number."""
    return str(IPv4Address(int.from_bytes(data, "little")))


def read_ipv6(data: bytes) -> str:
    """An address; one of IPv4 in IPv6 is written with dots."""
    address = IPv6Address(data)
    return f"::ffff:{address.ipv4_mapped}" if address.ipv4_mapped else str(address)


def write_key(key: object) -> str:
    """A key of a map that is no text."""
    return str(key).lower() if isinstance(key, bool) else str(key)
