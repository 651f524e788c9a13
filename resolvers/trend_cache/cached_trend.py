"""A trend with the time of its computation, and the bytes as which it is cached."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from resolvers.trends.buckets import Axis
from resolvers.trends.results import SeriesResult, TrendResult
from resolvers.worker import checkpoint

FORMAT: Final = 3
"""Version of keys and documents: changing it makes everything cached before unknown."""


@dataclass(frozen=True, slots=True)
class CachedTrend:
    """A result, the instant as of which it was computed, and whether an earlier request did so."""

    result: TrendResult
    computed_at: datetime
    is_cached: bool


@dataclass(frozen=True, slots=True)
class _Document:
    """`axes` are the different ones of the result and its series; `places` says which one each has, in that order.

    Every series over an hourly year repeats 8,760 days and labels: written once, they are loaded in a sixth of the
    time.
    """

    result: TrendResult
    computed_at: datetime
    axes: tuple[Axis, ...]
    places: tuple[int, ...]


_HEAD: TypeAdapter[_Document] = TypeAdapter(_Document)
_SERIES: TypeAdapter[SeriesResult] = TypeAdapter(SeriesResult)


def dump(trend: CachedTrend) -> bytes:
    """Return the document of a trend: a line of JSON, and one for each series.

    Pydantic holds every thread of the process while it writes or reads, so it never gets the whole trend.
    """
    owners: list[TrendResult | SeriesResult] = [trend.result, *trend.result.series]
    # By identity, since series of one period share their tuples: comparing long ones takes time.
    identities = [(id(owner.days), id(owner.labels)) for owner in owners]
    axes = {identity: Axis(owner.days, owner.labels) for identity, owner in zip(identities, owners, strict=True)}
    places = {identity: place for place, identity in enumerate(axes)}
    bare = _with_axes(trend.result, [Axis()] * len(owners))
    head = _Document(
        result=replace(bare, series=()),
        computed_at=trend.computed_at,
        axes=tuple(axes.values()),
        places=tuple(places[identity] for identity in identities),
    )
    return b"\n".join([_HEAD.dump_json(head), *map(_dump_series, bare.series)])


def load(document: bytes) -> CachedTrend | None:
    """Return the cached trend, or None for anything that `dump` did not write."""
    try:
        head, *lines = document.split(b"\n")
        read = _HEAD.validate_json(head)
        bare = replace(read.result, series=tuple(map(_load_series, lines)))
        result = _with_axes(bare, [read.axes[place] for place in read.places])
    except (ValidationError, LookupError, ValueError):
        return None
    return CachedTrend(result, read.computed_at, is_cached=True)


def _dump_series(series: SeriesResult) -> bytes:
    checkpoint()
    return _SERIES.dump_json(series)


def _load_series(line: bytes) -> SeriesResult:
    checkpoint()
    return _SERIES.validate_json(line)


def _with_axes(result: TrendResult, axes: Sequence[Axis]) -> TrendResult:
    own, *of_series = axes
    series = tuple(
        replace(each, days=axis.days, labels=axis.labels)
        for each, axis in zip(result.series, of_series, strict=True)
    )
    return replace(result, series=series, days=own.days, labels=own.labels)
