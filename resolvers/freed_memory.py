"""Gives memory that large answers have freed back to the operating system.

The C library keeps it: the small objects of many answers leave its blocks of memory nearly empty, but in use. A
process would stay as large as all answers of its busiest moment.
"""

import ctypes
import time
from collections.abc import Callable
from typing import Final

_QUIET_S: Final = 1.0
"""Work that ends is followed by more, and by the answer that it was for."""
_BUSY_S: Final = 3.0


def find_trim() -> Callable[[], object] | None:
    """Return the function of glibc that gives back free memory, in some 20 ms for 500 MiB; others have none."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return None if trim is None else lambda: trim(0)


class FreedMemory:
    """Knows when work on large answers may have freed memory that has not been given back."""

    def __init__(self, trim: Callable[[], object] | None, now: Callable[[], float] = time.monotonic) -> None:
        self._trim = trim
        self._now = now
        self._first: float | None = None
        self._last = 0.0

    def note_work(self) -> None:
        """Work on a large answer has ended."""
        self._last = self._now()
        if self._first is None:
            self._first = self._last

    @property
    def is_due(self) -> bool:
        """Whether to give memory back now: some time after the last work, and now and then while it goes on."""
        if self._first is None or self._trim is None:
            return False
        now = self._now()
        return now - self._last >= _QUIET_S or now - self._first >= _BUSY_S

    def give_back(self) -> None:
        """Give the memory back, on a thread: the event loop allocates memory without waiting for it."""
        self._first = None
        if self._trim is not None:
            self._trim()


FREED: Final = FreedMemory(find_trim())
"""That of this process."""
