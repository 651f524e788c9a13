"""Moving averages, in time that does not depend on the length of the window."""

import sys
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

import numpy as np

_EXACT: Final = 2.0**53
"""Sums of whole numbers below it are exact in floats."""


def smooth(values: Sequence[float | None], intervals: int) -> tuple[float, ...]:
    """Return the mean of the last `intervals` values, rounded down, in the place of each; None counts as 0.

    The first means are those of the values so far. The sums are those of math.fsum.
    """
    data = np.nan_to_num(np.array(values, np.float64))
    lengths = np.minimum(np.arange(1, len(data) + 1), intervals)
    with np.errstate(over="ignore"):
        total = np.sum(np.abs(data))
    if total < _EXACT and np.all(data == np.floor(data)):
        sums = np.cumsum(data)
        sums[intervals:] -= sums[:-intervals].copy()
    else:
        sums = np.array([*_exact_sums(data.tolist(), intervals)])
    return tuple(np.floor(sums / lengths).tolist())


def _exact_sums(data: Sequence[float], intervals: int) -> Iterator[float]:
    # Running sums of floats would collect rounding errors, which rounding down makes visible.
    ratios = [value.as_integer_ratio() for value in data]
    common = max(denominator for _, denominator in ratios)  # all are powers of 2
    whole = [numerator * (common // denominator) for numerator, denominator in ratios]
    leaving = [0] * min(intervals, len(whole)) + whole[: max(0, len(whole) - intervals)]
    for total in accumulate(added - left for added, left in zip(whole, leaving, strict=True)):
        try:
            yield total / common
        except OverflowError:
            yield sys.float_info.max if total > 0 else -sys.float_info.max
