"""The cost that each API key may spend per minute in this process."""

import math
from dataclasses import dataclass
from datetime import datetime

from errors import ErrorCode, LimitExceeded


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """The tokens of a key, one per unit of cost, as of a moment."""

    tokens: float
    updated_at: datetime


class RateLimiter:
    """One bucket per key: full at first, refilled evenly, and never holding more than one minute's tokens."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: dict[str, TokenBucket] = {}

    def spend(self, key_id: str, cost: int, now: datetime) -> None:
        """Take `cost` tokens from the key's bucket; raise RATE_LIMITED and take none if it holds fewer."""
        tokens = self.left(key_id, now)
        if cost > tokens:
            raise self._rate_limited(cost, tokens)
        self._buckets[key_id] = TokenBucket(tokens - cost, now)

    def left(self, key_id: str, now: datetime) -> float:
        """Return how many tokens the key has."""
        bucket = self._buckets.get(key_id)
        if bucket is None:
            return self._per_minute
        minutes = max(0.0, (now - bucket.updated_at).total_seconds()) / 60
        return min(self._per_minute, bucket.tokens + minutes * self._per_minute)

    def _rate_limited(self, cost: int, tokens: float) -> LimitExceeded:
        # Waiting always helps: a cost of more than a minute's tokens is too expensive before it gets here.
        seconds = max(1, math.ceil((cost - tokens) / self._per_minute * 60))
        left = math.floor(tokens)
        return LimitExceeded(
            ErrorCode.RATE_LIMITED,
            "The request costs {actual:,}; the API key has {left:,} of {limit:,} cost units per minute left.",
            limit=self._per_minute,
            actual=cost,
            unit="cost units per minute",
            hint="Retry in {seconds} seconds, or request less.",
            details={"left": left, "retryAfter": seconds},
            left=left,
            seconds=seconds,
        )
