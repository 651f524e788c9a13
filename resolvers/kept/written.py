"""An answer as bytes, and back. What is read from a store that others can write to is data, never code."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from resolvers.trends.results import TrendResult


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and the instant as of which it was computed."""

    result: TrendResult
    computed_at: datetime


_ADAPTER: TypeAdapter[Kept] = TypeAdapter(Kept)


def write(kept: Kept) -> bytes:
    """JSON."""
    return _ADAPTER.dump_json(kept)


def read(document: bytes) -> Kept | None:
    """None for anything that `write` has not written."""
    try:
        return _ADAPTER.validate_json(document)
    except ValidationError:
        return None
