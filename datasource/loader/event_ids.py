"""Ids of events: given, or made from where and what the row is, so that the same row has the same id again."""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Words = npt.NDArray[np.uint64]
Halves = Words
"""UUIDs as rows of (high, low) 64 bits."""

_TEXT_LENGTH: Final = 36
_DASHES: Final = (8, 13, 18, 23)
_DIGITS: Final = [place for place in range(_TEXT_LENGTH) if place not in _DASHES]
_BAD: Final = 255
_HEX = np.full(256, _BAD, np.uint8)
for _value, _digit in enumerate("0123456789abcdef"):
    _HEX[ord(_digit)] = _HEX[ord(_digit.upper())] = _value


def parse_uuid(value: object) -> UUID:
    """Raises ValueError with the reason."""
    if isinstance(value, bytes) and len(value) == 16:
        return UUID(bytes=value)
    try:
        return UUID(str(value))
    except ValueError as wrong:
        raise ValueError(f"{str(value)[:80]!r} is not a UUID") from wrong


def parse_uuids(array: pa.Array) -> Halves | None:
    """The ids of a text array without nulls, or None when one is not in the usual form of 36 characters."""
    count = len(array)
    _, offsets, data = array.buffers()
    if count == 0:
        return np.zeros((0, 2), np.uint64)
    places = np.frombuffer(offsets, np.int32)[array.offset : array.offset + count + 1]
    if data is None or array.null_count or np.any(np.diff(places) != _TEXT_LENGTH):
        return None
    letters = np.frombuffer(data, np.uint8)[places[0] : places[-1]].reshape(count, _TEXT_LENGTH)
    digits = _HEX[letters[:, _DIGITS]]
    if np.any(letters[:, _DASHES] != ord("-")) or np.any(digits == _BAD):
        return None
    return halves_of_bytes((digits[:, 0::2] << 4 | digits[:, 1::2]).tobytes())


def derive_uuid(row: int, text: bytes) -> bytes:
    """The id of the row with that number and text, in 16 bytes (a UUID of version 8)."""
    digest = bytearray(hashlib.blake2b(b"%d\n" % row + text, digest_size=16).digest())
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)


def halves_of_bytes(data: bytes) -> Halves:
    """UUIDs from their 16 bytes each, one after the other."""
    return np.frombuffer(data, ">u8").reshape(-1, 2).astype(np.uint64)


def halves_of(uuids: Sequence[UUID]) -> Halves:
    """The two 64-bit halves of each."""
    return halves_of_bytes(b"".join(uuid.bytes for uuid in uuids))


class SeenUuids:
    """A Bloom filter: what it has not seen was never added; what it has seen may have been.

    Takes 32 MB whatever is added; up to 30 million ids fewer than one answer in fifty is a false alarm.
    """

    _BITS: Final = 28
    _SHIFT: Final = np.uint64(64 - _BITS)
    _MIXERS: Final = tuple(
        np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
    )

    def __init__(self) -> None:
        self._bits = np.zeros(1 << self._BITS - 3, np.uint8)

    def add(self, halves: Halves) -> None:
        """Remember these."""
        for place in self._places(halves):
            np.bitwise_or.at(self._bits, place >> np.uint64(3), _bit(place))

    def may_hold(self, halves: Halves) -> npt.NDArray[np.bool_]:
        """For each whether it may have been added."""
        answer = np.ones(len(halves), np.bool_)
        for place in self._places(halves):
            answer &= (self._bits[place >> np.uint64(3)] & _bit(place)) != 0
        return answer

    def _places(self, halves: Halves) -> list[npt.NDArray[np.uint64]]:
        high, low = halves[:, 0], halves[:, 1]
        mixed: Words = high ^ (low >> np.uint64(29))
        mixed = np.multiply(mixed, self._MIXERS[0], dtype=np.uint64) ^ low
        mixed = mixed ^ (mixed >> np.uint64(32))
        return [np.multiply(mixed, odd, dtype=np.uint64) >> self._SHIFT for odd in self._MIXERS]


def _bit(place: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    return (np.uint64(1) << (place & np.uint64(7))).astype(np.uint8)
