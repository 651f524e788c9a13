"""Admission of statements: a few run at once, the others wait in one queue per API key."""

import asyncio
import math
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from errors import ErrorCode, GatewayError, LimitExceeded

_HINT: Final = "Request fewer trends at once, or try again in {retry_after} s."
_WEIGHT_OF_LAST_DURATION: Final = 0.2


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How many statements of one key run at once, how many of all keys wait, and for how many seconds."""

    per_key: int = 3
    max_waiting: int = 1000
    wait_s: float = 30.0


@dataclass(slots=True)
class _KeyQueue:
    running: int = 0
    waiters: deque[asyncio.Future[None]] = field(default_factory=deque)


class FairQueue:
    """Runs at most `concurrency` statements, and at most `per_key` of each key. Used from one event loop.

    A free slot goes to the key with the fewest running statements; on a tie, to the key that has gone longest
    without one. Each key's queue is first in, first out. The gateway's own work has no key: it queues like
    one, but is never rejected.
    """

    def __init__(self, concurrency: int, limits: QueueLimits) -> None:
        self._concurrency = concurrency
        self._limits = limits
        self._queues: dict[str | None, _KeyQueue] = {}  # least recently started first
        self._mean_duration_s = 0.0

    @property
    def running(self) -> int:
        """The number of statements that hold a slot."""
        return sum(queue.running for queue in self._queues.values())

    @property
    def waiting(self) -> int:
        """The number of statements that wait for a slot."""
        return sum(len(queue.waiters) for queue in self._queues.values())

    async def acquire(self, key: str | None) -> None:
        """Wait for a slot, which the caller must release.

        Raises RATE_LIMITED when the queue is full or the wait too long.
        """
        queue = self._queues.setdefault(key, _KeyQueue())
        if self.running < self._concurrency and queue.running < self._max_running(key):
            self._start(key)
            return
        if key is not None and self.waiting >= self._limits.max_waiting:
            self._make_room(key)
        await self._wait(key, queue)

    def release(self, key: str | None, duration_s: float) -> None:
        """Free the slot of a statement that took this long, and start the next one."""
        if self._mean_duration_s:
            self._mean_duration_s += _WEIGHT_OF_LAST_DURATION * (duration_s - self._mean_duration_s)
        else:
            self._mean_duration_s = duration_s
        self._end(key)

    def reject_all(self, error: GatewayError) -> None:
        """Fail every statement that waits."""
        for queue in self._queues.values():
            while queue.waiters:
                waiter = queue.waiters.popleft()
                if not waiter.done():
                    waiter.set_exception(error)

    async def _wait(self, key: str | None, queue: _KeyQueue) -> None:
        started = time.monotonic()
        waiter = asyncio.get_running_loop().create_future()
        queue.waiters.append(waiter)
        try:
            async with asyncio.timeout(None if key is None else self._limits.wait_s):
                await waiter
        except BaseException as failure:
            self._abandon(key, queue, waiter)
            if isinstance(failure, TimeoutError):
                raise self._waited_too_long(key, time.monotonic() - started) from failure
            raise

    def _abandon(self, key: str | None, queue: _KeyQueue, waiter: asyncio.Future[None]) -> None:
        # The waiter may have been started or rejected just before it was cancelled.
        with suppress(ValueError):
            queue.waiters.remove(waiter)
        if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            self._end(key)
        self._drop_if_idle(key)

    def _start(self, key: str | None) -> None:
        queue = self._queues[key] = self._queues.pop(key)
        queue.running += 1

    def _end(self, key: str | None) -> None:
        self._queues[key].running -= 1
        self._drop_if_idle(key)
        self._start_next()

    def _start_next(self) -> None:
        while self.running < self._concurrency and (ready := self._ready()):
            key, queue = min(ready, key=lambda item: item[1].running)
            waiter = queue.waiters.popleft()
            if not waiter.done():
                self._start(key)
                waiter.set_result(None)

    def _ready(self) -> list[tuple[str | None, _KeyQueue]]:
        queues = self._queues.items()
        return [(key, queue) for key, queue in queues if queue.waiters and queue.running < self._max_running(key)]

    def _make_room(self, key: str) -> None:
        # The longest queue loses its newest statement, so that one key cannot keep the others out.
        longest = max(self._queues, key=lambda each: -1 if each is None else len(self._queues[each].waiters))
        if len(self._queues[longest].waiters) <= len(self._queues[key].waiters) + 1:
            self._drop_if_idle(key)
            raise self._queue_full(key)
        waiter = self._queues[longest].waiters.pop()
        if not waiter.done():
            waiter.set_exception(self._queue_full(longest))

    def _max_running(self, key: str | None) -> int:
        return self._concurrency if key is None else self._limits.per_key

    def _drop_if_idle(self, key: str | None) -> None:
        queue = self._queues.get(key)
        if queue is not None and not queue.running and not queue.waiters:
            del self._queues[key]

    def _waited_too_long(self, key: str | None, waited_s: float) -> GatewayError:
        template = "The query was still queued after {actual:.3g} seconds."
        return self._rate_limited(key, template, self._limits.wait_s, waited_s, "seconds")

    def _queue_full(self, key: str | None) -> GatewayError:
        template = "Too many queries are waiting to run."
        return self._rate_limited(key, template, self._limits.max_waiting, self.waiting, "queries")

    def _rate_limited(
        self, key: str | None, template: str, limit: float, actual: float, unit: str
    ) -> GatewayError:
        queue, retry_after_s = self._queues.get(key, _KeyQueue()), self._retry_after_s()
        details: dict[str, object] = {
            "running": self.running,
            "waiting": self.waiting,
            "concurrency": self._concurrency,
            "keyRunning": queue.running,
            "keyWaiting": len(queue.waiters),
            "keyConcurrency": min(self._max_running(key), self._concurrency),
            "retryAfter": retry_after_s,
        }
        return LimitExceeded(
            ErrorCode.RATE_LIMITED,
            template,
            limit=limit,
            actual=round(actual, 3),
            unit=unit,
            hint=_HINT,
            details=details,
            retry_after=retry_after_s,
        )

    def _retry_after_s(self) -> int:
        # An estimate: the time until all statements that are queued now will have run.
        return max(1, math.ceil(self._mean_duration_s * (self.running + self.waiting) / self._concurrency))
