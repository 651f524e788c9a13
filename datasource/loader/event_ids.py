"""Ids of events: given, or derived from the row, so that the same row of a file gets the same id again."""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pyarrow as pa

UuidArray = npt.NDArray[np.uint64]
"""UUIDs as rows of (high, low) 64 bits."""

_UUID_LENGTH: Final = 36
_DASHES: Final = (8, 13, 18, 23)
_DIGITS: Final = [index for index in range(_UUID_LENGTH) if index not in _DASHES]
_NOT_HEX: Final = 255
_HEX = np.full(256, _NOT_HEX, np.uint8)
for _value, _digit in enumerate("0123456789abcdef"):
    _HEX[ord(_digit)] = _HEX[ord(_digit.upper())] = _value


def parse_uuid(value: object) -> UUID:
    """Parse an id given as a string or 16 bytes. Raises ValueError with the reason."""
    if isinstance(value, bytes) and len(value) == 16:
        return UUID(bytes=value)
    try:
        return UUID(str(value))
    except ValueError as error:
        raise ValueError(f"{str(value)[:80]!r} is not a UUID") from error


def parse_uuids(array: pa.Array) -> UuidArray | None:
    """Parse a string array, or return None when a value is null or not in the usual form of 36 characters."""
    count = len(array)
    _, offsets, data = array.buffers()
    if count == 0:
        return np.zeros((0, 2), np.uint64)
    starts = np.frombuffer(offsets, np.int32)[array.offset : array.offset + count + 1]
    if data is None or array.null_count or np.any(np.diff(starts) != _UUID_LENGTH):
        return None
    characters = np.frombuffer(data, np.uint8)[starts[0] : starts[-1]].reshape(count, _UUID_LENGTH)
    digits = _HEX[characters[:, _DIGITS]]
    if np.any(characters[:, _DASHES] != ord("-")) or np.any(digits == _NOT_HEX):
        return None
    return uuids_from_bytes((digits[:, 0::2] << 4 | digits[:, 1::2]).tobytes())


def derive_uuid(row: int, raw: bytes) -> bytes:
    """Derive the id of a row from its number and bytes: 16 bytes, a UUID of version 8."""
    digest = bytearray(hashlib.blake2b(b"%d\n" % row + raw, digest_size=16).digest())
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)


def uuids_from_bytes(data: bytes) -> UuidArray:
    """Return the UUIDs whose 16 bytes each follow one another."""
    return np.frombuffer(data, ">u8").reshape(-1, 2).astype(np.uint64)


def uuid_array(uuids: Sequence[UUID]) -> UuidArray:
    """Return the UUIDs as an array."""
    return uuids_from_bytes(b"".join(uuid.bytes for uuid in uuids))


class BloomFilter:
    """A set of UUIDs that may contain more than was added, in 32 MB.

    Up to 30 million ids, fewer than one answer in fifty is a false positive.
    """

    _BITS: Final = 28
    _SHIFT: Final = np.uint64(64 - _BITS)
    _MULTIPLIERS: Final = tuple(
        np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
    )

    def __init__(self) -> None:
        self._bits = np.zeros(1 << self._BITS - 3, np.uint8)

    def add(self, uuids: UuidArray) -> None:
        for bit in self._bits_of(uuids):
            np.bitwise_or.at(self._bits, bit >> np.uint64(3), _mask(bit))

    def might_contain(self, uuids: UuidArray) -> npt.NDArray[np.bool_]:
        """Return for each whether it may have been added."""
        found = np.ones(len(uuids), np.bool_)
        for bit in self._bits_of(uuids):
            found &= (self._bits[bit >> np.uint64(3)] & _mask(bit)) != 0
        return found

    def _bits_of(self, uuids: UuidArray) -> list[npt.NDArray[np.uint64]]:
        high, low = uuids[:, 0], uuids[:, 1]
        mixed: npt.NDArray[np.uint64] = high ^ (low >> np.uint64(29))
        mixed = np.multiply(mixed, self._MULTIPLIERS[0], dtype=np.uint64) ^ low
        mixed = mixed ^ (mixed >> np.uint64(32))
        return [np.multiply(mixed, odd, dtype=np.uint64) >> self._SHIFT for odd in self._MULTIPLIERS]


def _mask(bit: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    return (np.uint64(1) << (bit & np.uint64(7))).astype(np.uint8)
