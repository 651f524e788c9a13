"""The same work, asked for by several at once, is done once."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass(slots=True, eq=False)
class Flight(Generic[Answer]):
    """Work under way, and how many wait for it."""

    task: "asyncio.Task[Answer]" = field(repr=False)
    waiting: int = 0


class Flights(Generic[Answer]):
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

    async def join(
        self, key: str, start: Callable[[Callable[[], bool]], Coroutine[Any, Any, Answer]], *, anew: bool = False
    ) -> tuple[Answer, bool]:
        """What the work under that key comes to, and whether somebody else had started it.

        `start` begins it where there is none, and is given a way to ask whether a newer one took its place; `anew`
        begins it in any case, for whoever comes later, too. Errors go to all who wait. Who is cancelled just
        leaves; when nobody is left the work is cancelled, and the last one waits until it has ended.
        """
        flight = None if anew else self._by_key.get(key)
        is_joined = flight is not None
        if flight is None:
            flight = self._start(key, start)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task), is_joined
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._forget(key, flight)  # at once: nobody may join what is being ended
                await _end(flight.task)

    def _start(
        self, key: str, start: Callable[[Callable[[], bool]], Coroutine[Any, Any, Answer]]
    ) -> Flight[Answer]:
        flight: Flight[Answer]

        def is_newest() -> bool:
            return self._by_key.get(key) is flight

        flight = Flight(asyncio.ensure_future(start(is_newest)))
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
