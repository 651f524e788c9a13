"""What a request may still cost: one price for every way in, spent before anything that costs runs."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from errors import ErrorCode, LimitExceeded
from resolvers.rate_limit import RateLimiter
from resolvers.trends.size import TrendSize

QUERY_COST: Final = 10
"""Cost units of a ClickHouse query."""
VALUES_PER_UNIT: Final = 250
"""How many figures, or values in an answer, cost one unit."""
FILTER_VALUE_POINTS: Final = 2
"""Points, of which VALUES_PER_UNIT are a unit, of a filter's value in a statement: it is sent and parsed again."""


def trend_cost(size: TrendSize, *, lists: int) -> int:
    """Return the cost of a trend whose answer has `lists` lists per line, each as long as the time axis.

    A figure counts once for being computed and once for every list that repeats it, or its day or label.
    """
    points = size.figures + lists * size.values + size.filter_values * FILTER_VALUE_POINTS
    return size.statements * QUERY_COST + points // VALUES_PER_UNIT


@dataclass(slots=True)
class RequestBudget:
    """The cost units and trends that a request has left; its API key pays from what it has left for this minute.

    GraphQL pays for a whole operation before it runs, as far as its document and variables tell. What its trends
    turn out to cost, saved ones for instance, is paid only where it exceeds that.
    """

    max_cost: int
    max_trends: int
    now: datetime
    rate_limiter: RateLimiter | None = None
    key_id: str | None = None
    _paid: int = field(default=0, init=False)
    _trends_cost: int = field(default=0, init=False)
    _trends: int = field(default=0, init=False)

    def pay(self, cost: int) -> None:
        """Pay for something that is about to run. Raises QUERY_TOO_EXPENSIVE or RATE_LIMITED, and pays nothing."""
        if self._paid + cost > self.max_cost:
            raise LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                "The request could cost up to {actual:,}; the limit is {limit:,}.",
                limit=self.max_cost,
                actual=self._paid + cost,
                unit="cost units",
                hint="Use a longer interval, a shorter range, or fewer series and breakdown values.",
            )
        if self.rate_limiter is not None and self.key_id is not None:
            self.rate_limiter.spend(self.key_id, cost, self.now)
        self._paid += cost

    def pay_trend(self, cost: int) -> None:
        """Pay for a trend as far as it is not covered by what the request has paid. Raises as `pay` does."""
        missing = self._trends_cost + cost - self._paid
        if missing > 0:
            self.pay(missing)
        self._trends_cost += cost

    def count_trend(self) -> None:
        """Count a trend, or another field that runs queries. Raises QUERY_TOO_EXPENSIVE when none is left."""
        if self._trends == self.max_trends:
            raise LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                "One request can compute at most {limit} trends.",
                limit=self.max_trends,
                actual=None,
                unit="trends",
                hint="Send several requests, or query fewer projects at once.",
            )
        self._trends += 1
