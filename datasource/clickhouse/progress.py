"""How far a query is, while it runs."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """What was read since the query began. `total_rows` is ClickHouse's estimate, None while it has none."""

    rows_read: int = 0
    total_rows: int | None = None
    bytes_read: int = 0


ProgressListener = Callable[[Progress], None]


def on_loop(listener: ProgressListener) -> ProgressListener:
    """The listener for a thread: it is called on the running event loop, in order."""
    loop = asyncio.get_running_loop()

    def pass_on(progress: Progress) -> None:
        loop.call_soon_threadsafe(listener, progress)

    return pass_on
