"""Threads for work on large answers, which would hold the event loop and with it every other request."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import Final, TypeVar

from resolvers.freed_memory import FREED

Result = TypeVar("Result")
Item = TypeVar("Item")

LARGE: Final = 5_000
"""Values that take about 5 ms to work on: for fewer, a thread costs more than it saves."""
SLICE_S: Final = 0.01
"""How long work on the event loop, of all requests in slices, may take before others get their turn."""
_SHORTEST_SLICE_S: Final = 0.001

# Few, since they share one interpreter, and each may hold a large answer in memory.
_THREADS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="large answer")
_ABANDONED: ContextVar[threading.Event | None] = ContextVar("abandoned", default=None)


class Abandoned(Exception):
    """The work goes on for no one: its request has ended."""


async def run_in_worker(work: Callable[[], Result], *, size: int = LARGE) -> Result:
    """Run the work on a thread, or at once if its size is small. When cancelled, `checkpoint` ends it."""
    if size < LARGE:
        return work()
    abandoned = threading.Event()
    context = copy_context()
    context.run(_ABANDONED.set, abandoned)
    try:
        return await asyncio.get_running_loop().run_in_executor(_THREADS, context.run, work)
    finally:
        abandoned.set()
        FREED.note_work()


def checkpoint() -> None:
    """Raise Abandoned on a worker thread whose request has ended."""
    abandoned = _ABANDONED.get()
    if abandoned is not None and abandoned.is_set():
        raise Abandoned


class _Slices:
    """How many requests work in slices: between two turns of any other request, each of them has its own."""

    active = 0


async def in_slices(items: Iterable[Item]) -> AsyncIterator[Item]:
    """Yield the items, and give other tasks their turn whenever working on them has taken a while."""
    _Slices.active += 1
    try:
        started = time.perf_counter()
        for item in items:
            yield item
            if time.perf_counter() - started > max(_SHORTEST_SLICE_S, SLICE_S / _Slices.active):
                await asyncio.sleep(0)
                started = time.perf_counter()
    finally:
        _Slices.active -= 1
