"""A trend with the time of its computation, and the bytes as which it is cached."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from resolvers.trends.results import TrendResult

FORMAT: Final = 2
"""Version of keys and documents: changing it makes everything cached before unknown."""


@dataclass(frozen=True, slots=True)
class CachedTrend:
    """A result, the instant as of which it was computed, and whether an earlier request did so."""

    result: TrendResult
    computed_at: datetime
    is_cached: bool


@dataclass(frozen=True, slots=True)
class _Document:
    result: TrendResult
    computed_at: datetime


_DOCUMENT: TypeAdapter[_Document] = TypeAdapter(_Document)


def dump(trend: CachedTrend) -> bytes:
    """Return the JSON document of a trend."""
    return _DOCUMENT.dump_json(_Document(trend.result, trend.computed_at))


def load(document: bytes) -> CachedTrend | None:
    """Return the cached trend, or None for anything that `dump` did not write."""
    try:
        read = _DOCUMENT.validate_json(document)
    except ValidationError:
        return None
    return CachedTrend(read.result, read.computed_at, is_cached=True)
