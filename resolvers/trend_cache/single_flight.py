"""The same work, asked for by several at once, is done once."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")
Listener = Callable[[Any], None]


class Flight(Generic[Answer]):
    """Work under way, how many wait for it, and who of them hears how far it is."""

    def __init__(self, is_newest: "Callable[[Flight[Answer]], bool]") -> None:
        self._is_newest = is_newest
        self.task: asyncio.Task[Answer]
        self.waiting = 0
        self.listeners: list[Listener] = []

    @property
    def is_newest(self) -> bool:
        """Whether no other flight took its place."""
        return self._is_newest(self)

    def tell(self, news: object) -> None:
        """How far it is, to all who listen."""
        for listener in self.listeners:
            listener(news)


Start = Callable[[Flight[Answer]], Coroutine[Any, Any, Answer]]


class SingleFlight(Generic[Answer]):
    """Work under way, by its key."""

    def __init__(self) -> None:
        self._by_key: dict[str, Flight[Answer]] = {}

    @property
    def under_way(self) -> int:
        """How many."""
        return len(self._by_key)

    @property
    def waiting(self) -> int:
        """How many wait for them."""
        return sum(flight.waiting for flight in self._by_key.values())

    def has(self, key: str) -> bool:
        """Whether there is work under that key."""
        return key in self._by_key

    async def join(
        self, key: str, start: Start[Answer], *, anew: bool = False, listener: Listener | None = None
    ) -> tuple[Answer, bool]:
        """What the work under that key comes to, and whether somebody else had started it.

        `start` begins it where there is none; `anew` begins it in any case, for whoever comes later, too. Errors
        go to all who wait. Who is cancelled just leaves; when nobody is left the work is cancelled, and the last
        one waits until it has ended.
        """
        flight = None if anew else self._by_key.get(key)
        is_joined = flight is not None
        if flight is None:
            flight = self._start(key, start)
        flight.waiting += 1
        flight.listeners += [listener] if listener else []
        try:
            return await asyncio.shield(flight.task), is_joined
        finally:
            flight.waiting -= 1
            if listener:
                flight.listeners.remove(listener)
            if not flight.waiting and not flight.task.done():
                self._forget(key, flight)  # at once: nobody may join what is being ended
                await _end(flight.task)

    def _start(self, key: str, start: Start[Answer]) -> Flight[Answer]:
        flight: Flight[Answer] = Flight(lambda asking: self._by_key.get(key) is asking)
        flight.task = asyncio.ensure_future(start(flight))
        self._by_key[key] = flight
        flight.task.add_done_callback(lambda _: self._forget(key, flight))
        return flight

    def _forget(self, key: str, flight: Flight[Answer]) -> None:
        if self._by_key.get(key) is flight:
            del self._by_key[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # whoever waited for it may have gone


async def _end(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    while not task.done():
        with suppress(asyncio.CancelledError):  # again, while it ends: it is raised anyway
            await asyncio.wait([task])
