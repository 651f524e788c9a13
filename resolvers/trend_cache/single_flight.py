"""Runs work that several callers request at the same time only once."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")
Listener = Callable[[Any], None]


class Flight(Generic[Result]):
    """Running work, with the number of callers that wait for it and those that listen to its progress."""

    def __init__(self, is_newest: "Callable[[Flight[Result]], bool]") -> None:
        self._is_newest = is_newest
        self.task: asyncio.Task[Result]
        self.waiting = 0
        self.listeners: list[Listener] = []

    @property
    def is_newest(self) -> bool:
        """Whether no other flight has replaced it."""
        return self._is_newest(self)

    def notify(self, progress: object) -> None:
        """Pass the progress on to every listener."""
        for listener in self.listeners:
            listener(progress)


Start = Callable[[Flight[Result]], Coroutine[Any, Any, Result]]


class SingleFlight(Generic[Result]):
    """Running work by its key."""

    def __init__(self) -> None:
        self._by_key: dict[str, Flight[Result]] = {}

    @property
    def waiting(self) -> int:
        """How many callers are waiting."""
        return sum(flight.waiting for flight in self._by_key.values())

    def has(self, key: str) -> bool:
        return key in self._by_key

    async def run(
        self, key: str, start: Start[Result], *, force: bool = False, listener: Listener | None = None
    ) -> tuple[Result, bool]:
        """Return the result of the work under that key, and whether another caller had started it.

        Without running work, or with `force`, `start` begins it, for later callers too. An error is raised to
        every waiting caller. A cancelled caller leaves the work to the others; the last one cancels it, and waits
        until it has ended.
        """
        flight = None if force else self._by_key.get(key)
        has_joined = flight is not None
        if flight is None:
            flight = self._start(key, start)
        flight.waiting += 1
        flight.listeners += [listener] if listener else []
        try:
            return await asyncio.shield(flight.task), has_joined
        finally:
            flight.waiting -= 1
            if listener:
                flight.listeners.remove(listener)
            if not flight.waiting and not flight.task.done():
                self._remove(key, flight)  # at once: no other caller may join work that is being cancelled
                await _cancel(flight.task)

    def _start(self, key: str, start: Start[Result]) -> Flight[Result]:
        flight: Flight[Result] = Flight(lambda candidate: self._by_key.get(key) is candidate)
        flight.task = asyncio.ensure_future(start(flight))
        self._by_key[key] = flight
        flight.task.add_done_callback(lambda _: self._remove(key, flight))
        return flight

    def _remove(self, key: str, flight: Flight[Result]) -> None:
        if self._by_key.get(key) is flight:
            del self._by_key[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # marks it as retrieved: every caller may have left


async def _cancel(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    while not task.done():
        # A second cancellation of the caller must not leave the work running; it is raised afterwards anyway.
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task])
