"""The queue without an engine: order, limits, and cancelled waiters."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from datasource.clickhouse.fair_queue import FairQueue, QueueLimits
from errors import ErrorCode, GatewayError


class Clients:
    """A queue and its clients. `started` has their keys in the order in which they got a slot."""

    def __init__(self, concurrency: int, *, per_key: int = 99, max_waiting: int = 999, wait_s: float = 60) -> None:
        limits = QueueLimits(per_key=per_key, max_waiting=max_waiting, wait_s=wait_s)
        self.queue = FairQueue(concurrency, limits)
        self.started: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def acquire(self, *keys: str | None) -> list[asyncio.Task[None]]:
        """Start one client per key, in this order."""
        new = [asyncio.create_task(self._acquire(key)) for key in keys]
        self.tasks += new
        await settle()
        return new

    async def release(self, *keys: str | None) -> None:
        """End one statement per key, in this order."""
        for key in keys:
            self.queue.release(key, 0.5)
            await settle()

    async def _acquire(self, key: str | None) -> None:
        await self.queue.acquire(key)
        self.started.append(key or "-")


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@asynccontextmanager
async def clients_of(clients: Clients) -> AsyncIterator[Clients]:
    yield clients
    for task in clients.tasks:
        task.cancel()
    await asyncio.gather(*clients.tasks, return_exceptions=True)


def error_of(task: asyncio.Task[None]) -> GatewayError:
    failure = task.exception()
    assert isinstance(failure, GatewayError)
    return failure


async def test_one_key_gets_its_share_only() -> None:
    async with clients_of(Clients(4, per_key=2)) as clients:
        await clients.acquire("a", "a", "a", "b")
        assert clients.started == ["a", "a", "b"]
        assert (clients.queue.running, clients.queue.waiting) == (3, 1)
        await clients.release("b")
        assert clients.started == ["a", "a", "b"]
        await clients.release("a")
        assert clients.started == ["a", "a", "b", "a"]


async def test_key_with_fewest_running_is_next_then_the_least_recently_started() -> None:
    async with clients_of(Clients(2)) as clients:
        await clients.acquire("a", "a", *["a"] * 5, "b", "b", "c")
        await clients.release("a")
        assert clients.started[2:] == ["b"]
        await clients.release("a")
        assert clients.started[2:] == ["b", "a"]
        await clients.release("b", "c", "a")
        assert clients.started[2:] == ["b", "a", "c", "b", "a"]


async def test_queue_of_one_key_is_first_in_first_out() -> None:
    async with clients_of(Clients(1)) as clients:
        await clients.acquire("a")
        first, second = await clients.acquire("a", "a")
        await clients.release("a")
        assert (first.done(), second.done()) == (True, False)


async def test_cancelled_waiter_leaves_the_queue() -> None:
    async with clients_of(Clients(1)) as clients:
        await clients.acquire("a")
        cancelled, waiting = await clients.acquire("b", "b")
        cancelled.cancel()
        await settle()
        assert clients.queue.waiting == 1
        await clients.release("a")
        assert (cancelled.cancelled(), waiting.done()) == (True, True)
        await clients.release("b")
        assert (clients.queue.running, clients.queue.waiting) == (0, 0)


async def test_waiter_cancelled_just_after_it_got_a_slot_passes_it_on() -> None:
    async with clients_of(Clients(1)) as clients:
        await clients.acquire("a")
        cancelled, waiting = await clients.acquire("b", "c")
        clients.queue.release("a", 0.5)
        cancelled.cancel()
        await settle()
        assert cancelled.cancelled()
        assert waiting.done()
        await clients.release("c")
        assert (clients.queue.running, clients.queue.waiting) == (0, 0)


async def test_waiter_cancelled_just_before_a_slot_is_free_is_skipped() -> None:
    async with clients_of(Clients(1)) as clients:
        await clients.acquire("a")
        cancelled, waiting = await clients.acquire("b", "c")
        cancelled.cancel()
        clients.queue.release("a", 0.5)
        await settle()
        assert cancelled.cancelled()
        assert waiting.done()
        assert (clients.queue.running, clients.queue.waiting) == (1, 0)


async def test_long_wait_is_rejected_with_numbers() -> None:
    async with clients_of(Clients(2, per_key=1, wait_s=0.05)) as clients:
        await clients.acquire("a", "b")
        late, own_work = await clients.acquire("a", None)
        await asyncio.wait([late])
        error = error_of(late)
        assert error.code is ErrorCode.RATE_LIMITED
        assert error.message.startswith("The query was still queued after 0.05")
        assert error.hint == "Request fewer trends at once, or try again in 1 s."
        waited = error.details.pop("actual")
        assert isinstance(waited, float)
        assert waited >= 0.05
        assert error.details == {
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
        assert not own_work.done()  # the gateway's own work waits as long as it takes
        await clients.release("b")
        assert own_work.done()


async def test_full_queue_rejects_the_newest_of_the_key_with_most_waiters() -> None:
    async with clients_of(Clients(1, max_waiting=3)) as clients:
        await clients.acquire("a")
        first, second, third = await clients.acquire("a", "a", "a")
        (fourth,) = await clients.acquire("a")
        assert error_of(fourth).details["limit"] == 3
        assert error_of(fourth).details["unit"] == "queries"
        (other,) = await clients.acquire("b")
        assert error_of(third).code is ErrorCode.RATE_LIMITED
        assert not any(task.done() for task in (first, second, other))
        (another,) = await clients.acquire("b")  # two of each would be as unfair
        assert error_of(another).code is ErrorCode.RATE_LIMITED
        (own_work,) = await clients.acquire(None)
        assert not own_work.done()


async def test_retry_after_follows_the_duration_of_statements() -> None:
    async with clients_of(Clients(1, max_waiting=9)) as clients:
        await clients.acquire("a")
        clients.queue.release("a", 4)
        await clients.acquire(*["a"] * 10)
        (rejected,) = await clients.acquire("a")
        assert error_of(rejected).details["retryAfter"] == 40


async def test_reject_all_keeps_running_statements() -> None:
    async with clients_of(Clients(1)) as clients:
        await clients.acquire("a")
        waiting = await clients.acquire("a", "b", None)
        clients.queue.reject_all(GatewayError(ErrorCode.UPSTREAM_UNAVAILABLE, "closed"))
        await settle()
        assert [error_of(task).message for task in waiting] == ["closed"] * 3
        assert (clients.queue.running, clients.queue.waiting) == (1, 0)


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_no_waiter_is_lost_under_load(concurrency: int) -> None:
    queue = FairQueue(concurrency, QueueLimits(per_key=2, max_waiting=30, wait_s=0.05))
    max_running = 0

    async def run(n: int) -> None:
        nonlocal max_running
        key = "abc"[n % 3] if n % 7 else None
        await queue.acquire(key)
        max_running = max(max_running, queue.running)
        try:
            await asyncio.sleep(0.002 * (n % 4))
        finally:
            queue.release(key, 0.001)

    async def start(n: int) -> None:
        await asyncio.sleep(0.001 * (n % 11))
        await asyncio.wait_for(run(n), 0.001 * (n % 5)) if n % 3 == 0 else await run(n)

    outcomes = await asyncio.gather(*(start(n) for n in range(300)), return_exceptions=True)
    assert all(outcome is None or isinstance(outcome, GatewayError | TimeoutError) for outcome in outcomes)
    assert None in outcomes
    assert max_running == concurrency
    assert (queue.running, queue.waiting, queue._queues) == (0, 0, {})
