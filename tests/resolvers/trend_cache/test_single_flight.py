import asyncio

import pytest

from resolvers.trend_cache.single_flight import Flight, SingleFlight, Start


class Work:
    """Starts work that ends on release."""

    def __init__(self) -> None:
        self.started = 0
        self.cancelled = 0
        self.newest: list[bool] = []
        self.release = asyncio.Event()

    def start(self, answer: object) -> Start[object]:
        async def work(flight: Flight[object]) -> object:
            self.started += 1
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                await asyncio.sleep(0.02)  # ending takes a while
                self.cancelled += 1
                raise
            flight.notify("landing")
            self.newest.append(flight.is_newest)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return work


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_simultaneous_callers_share_one_flight() -> None:
    work, flights = Work(), SingleFlight[object]()
    tasks = [asyncio.create_task(flights.run("a", work.start(n))) for n in range(3)]
    other = asyncio.create_task(flights.run("b", work.start("b")))
    await settle()
    assert flights.has("a")
    assert flights.has("b")
    work.release.set()
    assert await asyncio.gather(*tasks) == [(0, False), (0, True), (0, True)]
    assert await other == ("b", False)
    assert (work.started, flights.has("a"), flights.has("b")) == (2, False, False)


async def test_later_caller_starts_another_flight() -> None:
    work, flights = Work(), SingleFlight[object]()
    work.release.set()
    assert await flights.run("a", work.start(1)) == (1, False)
    assert await flights.run("a", work.start(2)) == (2, False)


async def test_cancelled_caller_takes_nothing_from_the_others() -> None:
    work, flights = Work(), SingleFlight[object]()
    first, second = (asyncio.create_task(flights.run("a", work.start(n))) for n in range(2))
    await settle()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    work.release.set()
    assert await second == (0, True)
    assert work.cancelled == 0


async def test_last_cancelled_caller_cancels_the_work() -> None:
    work, flights = Work(), SingleFlight[object]()
    tasks = [asyncio.create_task(flights.run("a", work.start(n))) for n in range(2)]
    await settle()
    for task in tasks:
        task.cancel()
    late = asyncio.create_task(flights.run("a", work.start("late")))
    await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks)
    assert work.cancelled == 1  # it has ended before its last caller returns
    work.release.set()
    assert await late == ("late", False)


async def test_cancelling_twice_still_waits_for_the_end() -> None:
    work, flights = Work(), SingleFlight[object]()
    task = asyncio.create_task(flights.run("a", work.start(1)))
    await settle()
    task.cancel()
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (work.cancelled, flights.has("a")) == (1, False)


async def test_errors_are_raised_to_all_callers_and_forgotten() -> None:
    work, flights = Work(), SingleFlight[object]()
    tasks = [asyncio.create_task(flights.run("a", work.start(ValueError("no")))) for _ in range(2)]
    await settle()
    work.release.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(answer) for answer in answers] == ["no", "no"]
    assert await flights.run("a", work.start(1)) == (1, False)


async def test_forced_flight_replaces_the_older_one() -> None:
    work, flights = Work(), SingleFlight[object]()
    old = asyncio.create_task(flights.run("a", work.start("old")))
    await settle()
    new = asyncio.create_task(flights.run("a", work.start("new"), force=True))
    await settle()
    joined = asyncio.create_task(flights.run("a", work.start("none")))
    await settle()
    work.release.set()
    assert list(await asyncio.gather(old, new, joined)) == [("old", False), ("new", False), ("new", True)]
    assert work.newest == [False, True]


async def test_listeners_are_notified_until_they_leave() -> None:
    work, flights = Work(), SingleFlight[object]()
    heard: list[str] = []
    one = asyncio.create_task(
        flights.run("a", work.start(1), listener=lambda progress: heard.append(f"one: {progress}"))
    )
    two = asyncio.create_task(
        flights.run("a", work.start(1), listener=lambda progress: heard.append(f"two: {progress}"))
    )
    silent = asyncio.create_task(flights.run("a", work.start(1)))
    await settle()
    one.cancel()
    await settle()
    work.release.set()
    await asyncio.gather(two, silent)
    assert heard == ["two: landing"]
