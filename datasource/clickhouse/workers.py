"""Blocking jobs on worker threads, a few at once, which the event loop can stop."""

import asyncio
import time
from functools import partial
from typing import Final, Protocol, TypeVar

import anyio
import anyio.to_thread

from datasource.clickhouse.fair_queue import FairQueue, QueueLimits
from errors import ErrorCode, GatewayError

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)

GRACE_S: Final = 2.0
"""How much longer than its limit a query may run, since ClickHouse looks at the clock only now and then."""
STOP_TIMEOUT_S: Final = 1.5
"""How long to wait for a stopped job to end. Its slot stays taken until it does."""
_STOP_INTERVAL_S: Final = 0.05


class Job(Protocol[Result_co]):
    """A blocking piece of work. `stop` is called on another thread than `run`, while `run` is running."""

    def run(self) -> Result_co:
        """Do the work."""
        ...

    def stop(self, stopping_s: float) -> None:
        """Make `run` end soon. Called repeatedly until it has, `stopping_s` seconds after the first time."""
        ...


class WorkerPool:
    """Runs at most `concurrency` jobs at once and queues the others."""

    def __init__(self, concurrency: int, limits: QueueLimits | None = None) -> None:
        self._queue = FairQueue(concurrency, limits or QueueLimits())
        self._threads = anyio.CapacityLimiter(concurrency)
        self._stopper_threads = anyio.CapacityLimiter(concurrency)
        self._running: dict[asyncio.Task[object], Job[object]] = {}

    @property
    def running(self) -> int:
        """The number of jobs on a thread."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """The number of queued jobs."""
        return self._queue.waiting

    async def run(self, job: Job[Result], *, key: str | None = None, within_s: float | None = None) -> Result:
        """Run the job when it is the key's turn. When cancelled, stop the job and wait for its end.

        Raises RATE_LIMITED when the job gets no slot in time, and TimeoutError when it has run for `within_s`
        seconds and was stopped.
        """
        await self._queue.acquire(key)
        async with asyncio.timeout(within_s):
            task = self._start(job, key)
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                await _finish(asyncio.ensure_future(self._stop(task, job)))
                raise

    async def stop_all(self) -> None:
        """Reject the queued jobs, stop the running ones, and wait for their end."""
        self._queue.reject_all(GatewayError(ErrorCode.UPSTREAM_UNAVAILABLE, "The gateway is shutting down."))
        while self._running:
            await asyncio.gather(*(self._stop(task, job) for task, job in tuple(self._running.items())))

    def _start(self, job: Job[Result], key: str | None) -> asyncio.Task[Result]:
        async def on_thread() -> Result:
            return await anyio.to_thread.run_sync(job.run, limiter=self._threads)

        task = asyncio.ensure_future(on_thread())
        self._running[task] = job
        task.add_done_callback(partial(self._end, key, time.monotonic()))
        return task

    def _end(self, key: str | None, started: float, task: asyncio.Task[object]) -> None:
        del self._running[task]
        self._queue.release(key, time.monotonic() - started)
        if not task.cancelled():
            task.exception()  # retrieved here, since the caller may have been cancelled

    async def _stop(self, task: asyncio.Task[Result], job: Job[Result]) -> None:
        started = time.monotonic()
        while not task.done() and (stopping_s := time.monotonic() - started) < STOP_TIMEOUT_S:
            await anyio.to_thread.run_sync(job.stop, stopping_s, limiter=self._stopper_threads)
            await asyncio.wait([task], timeout=_STOP_INTERVAL_S)


async def _finish(task: asyncio.Task[None]) -> None:
    # Further cancellations are swallowed: the caller raises the first one.
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            continue
