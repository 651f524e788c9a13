from datetime import UTC, datetime, timedelta

import pytest

from errors import ErrorCode, LimitExceeded
from resolvers.rate_limit import RateLimiter

NOW = datetime(2020, 1, 15, tzinfo=UTC)


def test_cost_over_the_remaining_tokens_is_rate_limited() -> None:
    limiter = RateLimiter(6_000)
    limiter.spend("key", 4_500, NOW)
    with pytest.raises(LimitExceeded) as caught:
        limiter.spend("key", 2_000, NOW)
    assert caught.value.code is ErrorCode.RATE_LIMITED
    assert caught.value.message == (
        "The request costs 2,000; the API key has 1,500 of 6,000 cost units per minute left."
    )
    assert caught.value.hint == "Retry in 5 seconds, or request less."
    assert caught.value.details == {
        "limit": 6_000,
        "actual": 2_000,
        "unit": "cost units per minute",
        "left": 1_500,
        "retryAfter": 5,
    }


def test_bucket_is_refilled_evenly() -> None:
    limiter = RateLimiter(60)
    limiter.spend("key", 60, NOW)
    limiter.spend("key", 10, NOW + timedelta(seconds=10))
    with pytest.raises(LimitExceeded):
        limiter.spend("key", 1, NOW + timedelta(seconds=10))


def test_clock_that_runs_backwards_takes_no_tokens() -> None:
    limiter = RateLimiter(60)
    limiter.spend("key", 30, NOW)
    limiter.spend("key", 30, NOW - timedelta(seconds=10))
