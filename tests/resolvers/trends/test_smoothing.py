import math
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resolvers.trends.smoothing import smooth

VALUES = st.one_of(st.none(), st.integers(-(10**6), 10**6).map(float), st.floats(-1e6, 1e6))


def mean_of_each_window(values: list[float | None], intervals: int) -> tuple[float, ...]:
    """The same, from the definition."""
    windows = (values[max(0, end - intervals) : end] for end in range(1, len(values) + 1))
    return tuple(
        float(math.floor(math.fsum(value or 0.0 for value in window) / len(window))) for window in windows
    )


@given(st.lists(VALUES, min_size=1, max_size=40), st.integers(2, 50))
@example([0.1, 0.2, 0.3, 0.4] * 5, 3)
@example([1e16, 1.0, -1e16, 1.0, 3.0], 2)
@example([2.0**53, 1.0, 1.0, 1.0], 3)
@example([1e-300, 3.0, 1e300, -1e300], 2)
def test_every_window_has_its_own_exact_mean(values: list[float | None], intervals: int) -> None:
    assert smooth(values, intervals) == mean_of_each_window(values, intervals)


def test_sum_beyond_the_largest_float_is_that_float() -> None:
    assert smooth([1.5e308, 1.5e308, -1.5e308], 2) == (1.5e308, 1.7976931348623157e308 / 2, 0.0)


@pytest.mark.parametrize("value", [1.0, 0.1])
def test_long_windows_take_no_longer_than_short_ones(value: float) -> None:
    started = time.perf_counter()
    assert smooth([value] * 20_000, 10_000) == (math.floor(value),) * 20_000
    assert time.perf_counter() - started < 5
