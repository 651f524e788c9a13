"""Versions of rows: the newest one wins."""

import time


class VersionClock:
    """Microseconds since 1970, each greater than the one before."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        self._last = max(time.time_ns() // 1000, self._last + 1)
        return self._last
