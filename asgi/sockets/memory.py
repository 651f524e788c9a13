"""Notices when the process uses so much memory that unread responses must be dropped."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from datasource.clickhouse.machine_memory import machine_memory

SHARE: Final = 0.75
"""Of the memory of the machine or container; the rest is for what begins before connections are closed."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_STATM: Final = Path("/proc/self/statm")


def own_memory() -> int:
    """Return the bytes that the process has to itself, without mapped files; 0 where the system does not say."""
    try:
        _, resident, shared, *_ = map(int, _STATM.read_text().split())
    except OSError:
        return 0
    return (resident - shared) * _PAGE


class MemoryWatch:
    """Compares the memory of this process with its part of the machine's or container's."""

    def __init__(
        self, processes: int, *, total: Callable[[], int] = machine_memory, own: Callable[[], int] = own_memory
    ) -> None:
        self._most = total() * SHARE / processes
        self._own = own

    @property
    def is_short(self) -> bool:
        """Whether the process takes more than it should."""
        return self._own() > self._most
