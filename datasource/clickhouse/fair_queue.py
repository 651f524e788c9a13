"""Who is next: a few queries at once, the others in lines of their own per key."""

import asyncio
import math
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from errors import ErrorCode, GatewayError, LimitExceeded

_HINT: Final = "Ask for fewer trends at once, or try again later: retryAfter says in how many seconds."
_WEIGHT_OF_THE_LAST: Final = 0.2


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How many queries of one key run at once, how many of all keys wait, and for how many seconds."""

    per_key: int = 3
    most_waiting: int = 1000
    wait_s: float = 30.0


@dataclass(slots=True)
class _KeyQueue:
    running: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class FairQueue:
    """At most `at_once` queries run, and of each key at most `per_key`. Used from one event loop.

    A place that gets free goes to the key that has the fewest running, among equals to the one that was served
    (or came) longest ago; within a key, first come, first served. What the gateway does on its own account has no
    key: it takes its turn like one, but waits as long as it must.
    """

    def __init__(self, at_once: int, limits: QueueLimits) -> None:
        self._at_once = at_once
        self._limits = limits
        self._lanes: dict[str | None, _KeyQueue] = {}  # in the order in which they were served, longest ago first
        self._mean_s = 0.0

    @property
    def running(self) -> int:
        """How many queries have their turn now."""
        return sum(lane.running for lane in self._lanes.values())

    @property
    def waiting(self) -> int:
        """How many wait for it."""
        return sum(len(lane.waiting) for lane in self._lanes.values())

    async def take(self, key: str | None) -> None:
        """Wait for a turn, which has to be given back. Cancelled, the place in the line is free at once.

        Raises RATE_LIMITED when the line is full, or it takes too long.
        """
        lane = self._lanes.setdefault(key, _KeyQueue())
        if self.running < self._at_once and lane.running < self._most_of(key):
            self._start(key)
            return
        if key is not None and self.waiting >= self._limits.most_waiting:
            self._make_room(key)
        await self._wait(key, lane)

    def give_back(self, key: str | None, took_s: float) -> None:
        """The query has ended, after so many seconds: whoever is next starts."""
        self._mean_s += _WEIGHT_OF_THE_LAST * (took_s - self._mean_s) if self._mean_s else took_s
        self._end(key)

    def dismiss(self, refusal: GatewayError) -> None:
        """Refuse all who wait."""
        for lane in self._lanes.values():
            while lane.waiting:
                turn = lane.waiting.popleft()
                if not turn.done():
                    turn.set_exception(refusal)

    async def _wait(self, key: str | None, lane: _KeyQueue) -> None:
        started = time.monotonic()
        turn = asyncio.get_running_loop().create_future()
        lane.waiting.append(turn)
        try:
            async with asyncio.timeout(None if key is None else self._limits.wait_s):
                await turn
        except BaseException as failure:
            self._leave(key, lane, turn)
            if isinstance(failure, TimeoutError):
                raise self._too_slow(key, time.monotonic() - started) from failure
            raise

    def _leave(self, key: str | None, lane: _KeyQueue, turn: asyncio.Future[None]) -> None:
        with suppress(ValueError):  # it was called or refused in the very moment in which it left
            lane.waiting.remove(turn)
        if turn.done() and not turn.cancelled() and turn.exception() is None:
            self._end(key)
        self._forget_if_idle(key)

    def _start(self, key: str | None) -> None:
        lane = self._lanes[key] = self._lanes.pop(key)
        lane.running += 1

    def _end(self, key: str | None) -> None:
        self._lanes[key].running -= 1
        self._forget_if_idle(key)
        self._start_next()

    def _start_next(self) -> None:
        while self.running < self._at_once and (ready := self._ready()):
            key, lane = min(ready, key=lambda each: each[1].running)
            turn = lane.waiting.popleft()
            if not turn.done():
                self._start(key)
                turn.set_result(None)

    def _ready(self) -> list[tuple[str | None, _KeyQueue]]:
        lanes = self._lanes.items()
        return [(key, lane) for key, lane in lanes if lane.waiting and lane.running < self._most_of(key)]

    def _make_room(self, key: str) -> None:
        # Whoever has most waiting loses the newest one, so that no key can keep the others out of the line.
        longest = max(self._lanes, key=lambda each: -1 if each is None else len(self._lanes[each].waiting))
        if len(self._lanes[longest].waiting) <= len(self._lanes[key].waiting) + 1:
            self._forget_if_idle(key)
            raise self._too_many(key)
        turn = self._lanes[longest].waiting.pop()
        if not turn.done():
            turn.set_exception(self._too_many(longest))

    def _most_of(self, key: str | None) -> int:
        return self._at_once if key is None else self._limits.per_key

    def _forget_if_idle(self, key: str | None) -> None:
        lane = self._lanes.get(key)
        if lane is not None and not lane.running and not lane.waiting:
            del self._lanes[key]

    def _too_slow(self, key: str | None, waited_s: float) -> GatewayError:
        message = f"The query waited {waited_s:.3g} seconds for its turn and got none."
        return self._refuse(key, message, self._limits.wait_s, waited_s, "seconds")

    def _too_many(self, key: str | None) -> GatewayError:
        most = self._limits.most_waiting
        return self._refuse(key, "Too many queries wait for their turn.", most, self.waiting, "queries")

    def _refuse(self, key: str | None, message: str, limit: float, actual: float, unit: str) -> GatewayError:
        lane = self._lanes.get(key, _KeyQueue())
        load: dict[str, object] = {
            "running": self.running,
            "waiting": self.waiting,
            "concurrency": self._at_once,
            "keyRunning": lane.running,
            "keyWaiting": len(lane.waiting),
            "keyConcurrency": min(self._most_of(key), self._at_once),
            "retryAfter": self._retry_after(),
        }
        return LimitExceeded(
            ErrorCode.RATE_LIMITED,
            message,
            limit=limit,
            actual=round(actual, 3),
            unit=unit,
            hint=_HINT,
            details=load,
        )

    def _retry_after(self) -> int:
        """Whole seconds until those who wait now will have had their turn, as far as one can tell."""
        return max(1, math.ceil(self._mean_s * (self.running + self.waiting) / self._at_once))
