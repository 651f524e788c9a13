from datetime import UTC, datetime

import pytest

from errors import ErrorCode, GatewayError
from resolvers.budget import RequestBudget, trend_cost
from resolvers.rate_limit import RateLimiter
from resolvers.trends.size import TrendSize

NOW = datetime(2020, 1, 15, tzinfo=UTC)


def test_trends_of_a_request_are_counted() -> None:
    budget = RequestBudget(max_cost=100, max_trends=2, now=NOW)
    budget.count_trend()
    budget.count_trend()
    with pytest.raises(GatewayError) as caught:
        budget.count_trend()
    assert caught.value.code is ErrorCode.QUERY_TOO_EXPENSIVE
    assert caught.value.details == {"limit": 2, "unit": "trends"}


def test_request_cannot_pay_more_than_its_limit() -> None:
    budget = RequestBudget(max_cost=100, max_trends=2, now=NOW)
    budget.pay(60)
    with pytest.raises(GatewayError) as caught:
        budget.pay(41)
    assert caught.value.details == {"limit": 100, "actual": 101, "unit": "cost units"}
    budget.pay(40)


def test_trends_are_paid_only_as_far_as_the_operation_has_not_paid_for_them() -> None:
    limiter = RateLimiter(1000)
    budget = RequestBudget(max_cost=500, max_trends=9, now=NOW, rate_limiter=limiter, key_id="k")
    budget.pay(50)
    budget.pay_trend(30)
    budget.pay_trend(20)
    assert limiter.left("k", NOW) == 950
    budget.pay_trend(100)
    assert limiter.left("k", NOW) == 850
    with pytest.raises(GatewayError):
        budget.pay_trend(400)
    assert limiter.left("k", NOW) == 850
    budget.pay_trend(10)  # the one that was refused is not paid for
    assert limiter.left("k", NOW) == 840


def test_request_without_a_key_takes_from_no_bucket() -> None:
    budget = RequestBudget(max_cost=500, max_trends=9, now=NOW, rate_limiter=RateLimiter(10))
    budget.pay(50)


def test_price_of_a_trend_counts_queries_figures_and_what_repeats_them() -> None:
    size = TrendSize(statements=4, lines=100, hidden_lines=50, buckets=100)
    assert trend_cost(size, lists=0) == 40 + 15_000 // 250
    assert trend_cost(size, lists=4) == 40 + (15_000 + 4 * 10_000) // 250
