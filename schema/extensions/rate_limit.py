"""What each API key may spend per minute, in this process."""

import math
from dataclasses import dataclass
from datetime import datetime

from errors import ErrorCode, GatewayError, LimitExceeded


@dataclass(frozen=True, slots=True)
class _Purse:
    left: float
    at: datetime


class Budgets:
    """A purse per key: full at the start, filled up evenly, never fuller than one minute's worth."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._purses: dict[str, _Purse] = {}

    def spend(self, key_id: str, cost: int, now: datetime) -> None:
        """Take the cost from the key's purse. Raises RATE_LIMITED, and takes nothing, when it holds less."""
        left = self._left(key_id, now)
        if cost > left:
            raise self._refusal(cost, left)
        self._purses[key_id] = _Purse(left - cost, now)

    def _left(self, key_id: str, now: datetime) -> float:
        purse = self._purses.get(key_id)
        if purse is None:
            return self._per_minute
        minutes = max(0.0, (now - purse.at).total_seconds()) / 60
        return min(self._per_minute, purse.left + minutes * self._per_minute)

    def _refusal(self, cost: int, left: float) -> GatewayError:
        # One that costs more than a minute's worth is refused before, as too expensive.
        seconds = max(1, math.ceil((cost - left) / self._per_minute * 60))
        return LimitExceeded(
            ErrorCode.RATE_LIMITED,
            f"The API key has spent its {self._per_minute} cost units per minute: this request costs {cost}, and "
            f"{math.floor(left)} are left.",
            limit=self._per_minute,
            actual=cost,
            unit="cost units per minute",
            hint=f"Send it again in {seconds} seconds, or ask for less.",
            details={"left": math.floor(left), "retryAfter": seconds},
        )
