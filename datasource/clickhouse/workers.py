"""Blocking calls on threads, a few at once, which can be stopped from the event loop."""

import asyncio
import time
from functools import partial
from typing import Final, Protocol, TypeVar

import anyio
import anyio.to_thread

from datasource.clickhouse.fair_queue import FairQueue, QueueLimits
from errors import ErrorCode, GatewayError

Answer = TypeVar("Answer")
Answer_co = TypeVar("Answer_co", covariant=True)

PATIENCE_S: Final = 1.5
"""How long a stopped call may take to end before nobody waits any more; its slot stays taken until it ends."""
_BETWEEN_STOPS_S: Final = 0.05


class Job(Protocol[Answer_co]):
    """Something that blocks. Both methods are run on threads, `stop` while `run` is running."""

    def run(self) -> Answer_co:
        """Do it."""
        ...

    def stop(self, asked_s: float) -> None:
        """Make `run` end soon. Called again and again until it has; `asked_s`: seconds since the first time."""
        ...


class WorkerPool:
    """Runs at most `at_once` calls; further ones wait for their turn (see turns.py)."""

    def __init__(self, at_once: int, limits: QueueLimits | None = None) -> None:
        self._turns = FairQueue(at_once, limits or QueueLimits())
        self._threads = anyio.CapacityLimiter(at_once)
        self._stoppers = anyio.CapacityLimiter(at_once)
        self._running: dict[asyncio.Task[object], Job[object]] = {}

    @property
    def running(self) -> int:
        """How many calls run now."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return self._turns.waiting

    async def run(self, call: Job[Answer], *, key: str | None = None, within_s: float | None = None) -> Answer:
        """Run the call when it is the key's turn. Cancelled, it stops the call and waits until it has ended.

        Raises RATE_LIMITED when there is no room in time, and TimeoutError when the call, which is stopped then,
        has run for `within_s` seconds.
        """
        await self._turns.take(key)
        async with asyncio.timeout(within_s):
            task = self._start(call, key)
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                await _to_its_end(asyncio.ensure_future(self._stop(task, call)))
                raise

    async def stop_all(self) -> None:
        """Refuse what waits, stop what runs, and wait until it has ended."""
        self._turns.dismiss(GatewayError(ErrorCode.UPSTREAM_UNAVAILABLE, "The gateway is being closed."))
        while self._running:
            await asyncio.gather(*(self._stop(task, call) for task, call in tuple(self._running.items())))

    def _start(self, call: Job[Answer], key: str | None) -> asyncio.Task[Answer]:
        async def on_thread() -> Answer:
            return await anyio.to_thread.run_sync(call.run, limiter=self._threads)

        task = asyncio.ensure_future(on_thread())
        self._running[task] = call
        task.add_done_callback(partial(self._end, key, time.monotonic()))
        return task

    def _end(self, key: str | None, started: float, task: asyncio.Task[object]) -> None:
        del self._running[task]
        self._turns.give_back(key, time.monotonic() - started)
        if not task.cancelled():
            task.exception()  # whoever waited for it may have gone

    async def _stop(self, task: asyncio.Task[Answer], call: Job[Answer]) -> None:
        started = time.monotonic()
        while not task.done() and (asked_s := time.monotonic() - started) < PATIENCE_S:
            await anyio.to_thread.run_sync(call.stop, asked_s, limiter=self._stoppers)
            await asyncio.wait([task], timeout=_BETWEEN_STOPS_S)


async def _to_its_end(task: asyncio.Task[None]) -> None:
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:  # once more; the first one is raised anyway
            continue
