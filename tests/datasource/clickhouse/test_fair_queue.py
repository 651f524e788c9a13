"""Who is next: the limits, the lines, and what becomes of those who leave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from datasource.clickhouse.fair_queue import FairQueue, QueueLimits
from errors import ErrorCode, GatewayError


class Desk:
    """FairQueue with the queries that have theirs, in the order in which they started."""

    def __init__(self, at_once: int, *, per_key: int = 99, most_waiting: int = 999, wait_s: float = 60) -> None:
        self.turns = FairQueue(at_once, QueueLimits(per_key=per_key, most_waiting=most_waiting, wait_s=wait_s))
        self.started: list[str] = []
        self.asked: list[asyncio.Task[None]] = []

    async def ask(self, *keys: str | None) -> list[asyncio.Task[None]]:
        """Stand in line once per key, one after another."""
        new = [asyncio.create_task(self._take(key)) for key in keys]
        self.asked += new
        await settle()
        return new

    async def end(self, *keys: str | None) -> None:
        """As many queries end, one after another."""
        for key in keys:
            self.turns.give_back(key, 0.5)
            await settle()

    async def _take(self, key: str | None) -> None:
        await self.turns.take(key)
        self.started.append(key or "-")


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@asynccontextmanager
async def at_desk(desk: Desk) -> AsyncIterator[Desk]:
    yield desk
    for task in desk.asked:
        task.cancel()
    await asyncio.gather(*desk.asked, return_exceptions=True)


def refusal_of(task: asyncio.Task[None]) -> GatewayError:
    failure = task.exception()
    assert isinstance(failure, GatewayError)
    return failure


async def test_one_key_has_its_share_only() -> None:
    async with at_desk(Desk(4, per_key=2)) as desk:
        await desk.ask("a", "a", "a", "b")
        assert desk.started == ["a", "a", "b"]
        assert (desk.turns.running, desk.turns.waiting) == (3, 1)
        await desk.end("b")
        assert desk.started == ["a", "a", "b"]
        await desk.end("a")
        assert desk.started == ["a", "a", "b", "a"]


async def test_key_with_fewest_running_is_next_then_the_one_served_longest_ago() -> None:
    async with at_desk(Desk(2)) as desk:
        await desk.ask("a", "a", *["a"] * 5, "b", "b", "c")
        await desk.end("a")
        assert desk.started[2:] == ["b"]
        await desk.end("a")
        assert desk.started[2:] == ["b", "a"]
        await desk.end("b", "c", "a")
        assert desk.started[2:] == ["b", "a", "c", "b", "a"]


async def test_within_a_key_the_first_come_is_the_first_served() -> None:
    async with at_desk(Desk(1)) as desk:
        await desk.ask("a")
        first, second = await desk.ask("a", "a")
        await desk.end("a")
        assert (first.done(), second.done()) == (True, False)


async def test_who_leaves_the_line_frees_the_place() -> None:
    async with at_desk(Desk(1)) as desk:
        await desk.ask("a")
        gone, staying = await desk.ask("b", "b")
        gone.cancel()
        await settle()
        assert desk.turns.waiting == 1
        await desk.end("a")
        assert (gone.cancelled(), staying.done()) == (True, True)
        await desk.end("b")
        assert (desk.turns.running, desk.turns.waiting) == (0, 0)


async def test_who_leaves_when_called_passes_the_turn_on() -> None:
    async with at_desk(Desk(1)) as desk:
        await desk.ask("a")
        gone, staying = await desk.ask("b", "c")
        desk.turns.give_back("a", 0.5)
        gone.cancel()
        await settle()
        assert gone.cancelled()
        assert staying.done()
        await desk.end("c")
        assert (desk.turns.running, desk.turns.waiting) == (0, 0)


async def test_who_leaves_before_being_called_is_passed_over() -> None:
    async with at_desk(Desk(1)) as desk:
        await desk.ask("a")
        gone, staying = await desk.ask("b", "c")
        gone.cancel()
        desk.turns.give_back("a", 0.5)
        await settle()
        assert gone.cancelled()
        assert staying.done()
        assert (desk.turns.running, desk.turns.waiting) == (1, 0)


async def test_too_long_a_wait_is_refused_with_figures() -> None:
    async with at_desk(Desk(2, per_key=1, wait_s=0.05)) as desk:
        await desk.ask("a", "b")
        late, other = await desk.ask("a", None)
        await asyncio.wait([late])
        refused = refusal_of(late)
        assert refused.code is ErrorCode.RATE_LIMITED
        assert refused.hint
        waited = refused.details.pop("actual")
        assert isinstance(waited, float)
        assert waited >= 0.05
        assert refused.details == {
            "limit": 0.05,
            "unit": "seconds",
            "running": 2,
            "waiting": 1,
            "concurrency": 2,
            "keyRunning": 1,
            "keyWaiting": 0,
            "keyConcurrency": 1,
            "retryAfter": 1,
        }
        assert not other.done()  # the gateway's own work waits as long as it must
        await desk.end("b")
        assert other.done()


async def test_full_line_refuses_the_newest_of_whoever_has_most_in_it() -> None:
    async with at_desk(Desk(1, most_waiting=3)) as desk:
        await desk.ask("a")
        first, second, third = await desk.ask("a", "a", "a")
        (fourth,) = await desk.ask("a")
        assert refusal_of(fourth).details["limit"] == 3
        assert refusal_of(fourth).details["unit"] == "queries"
        (other,) = await desk.ask("b")
        assert refusal_of(third).code is ErrorCode.RATE_LIMITED
        assert not any(task.done() for task in (first, second, other))
        (another,) = await desk.ask("b")  # two of each would be as unfair
        assert refusal_of(another).code is ErrorCode.RATE_LIMITED
        (own,) = await desk.ask(None)
        assert not own.done()


async def test_how_long_to_wait_follows_what_queries_took() -> None:
    async with at_desk(Desk(1, most_waiting=9)) as desk:
        await desk.ask("a")
        desk.turns.give_back("a", 4)
        await desk.ask(*["a"] * 10)
        (refused,) = await desk.ask("a")
        assert refusal_of(refused).details["retryAfter"] == 40


async def test_dismissed_are_refused_and_others_keep_their_turn() -> None:
    async with at_desk(Desk(1)) as desk:
        await desk.ask("a")
        waiting = await desk.ask("a", "b", None)
        desk.turns.dismiss(GatewayError(ErrorCode.UPSTREAM_UNAVAILABLE, "closed"))
        await settle()
        assert [refusal_of(task).message for task in waiting] == ["closed"] * 3
        assert (desk.turns.running, desk.turns.waiting) == (1, 0)


@pytest.mark.parametrize("at_once", [1, 3])
async def test_nobody_is_forgotten_whatever_happens(at_once: int) -> None:
    turns = FairQueue(at_once, QueueLimits(per_key=2, most_waiting=30, wait_s=0.05))
    most = 0

    async def work(n: int) -> None:
        nonlocal most
        key = "abc"[n % 3] if n % 7 else None
        await turns.take(key)
        most = max(most, turns.running)
        try:
            await asyncio.sleep(0.002 * (n % 4))
        finally:
            turns.give_back(key, 0.001)

    async def ask(n: int) -> None:
        await asyncio.sleep(0.001 * (n % 11))
        await asyncio.wait_for(work(n), 0.001 * (n % 5)) if n % 3 == 0 else await work(n)

    answers = await asyncio.gather(*(ask(n) for n in range(300)), return_exceptions=True)
    assert all(answer is None or isinstance(answer, GatewayError | TimeoutError) for answer in answers)
    assert answers.count(None) > 10
    assert most == at_once
    assert (turns.running, turns.waiting, turns._lanes) == (0, 0, {})
