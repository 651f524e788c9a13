"""Work on threads, which ends with the request that waits for it."""

import asyncio
import threading
import time

import pytest

from resolvers import worker
from resolvers.worker import LARGE, SLICE_S, checkpoint, in_slices, run_in_worker


async def test_small_work_needs_no_thread() -> None:
    assert await run_in_worker(threading.get_ident, size=LARGE - 1) == threading.get_ident()
    assert await run_in_worker(threading.get_ident, size=LARGE) != threading.get_ident()


async def test_work_that_is_cancelled_ends_at_its_next_checkpoint() -> None:
    started, ended = threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        try:
            while True:
                checkpoint()
                time.sleep(0.001)
        finally:
            ended.set()

    task = asyncio.create_task(run_in_worker(work))
    assert await asyncio.to_thread(started.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 10)


async def test_checkpoints_elsewhere_do_nothing() -> None:
    checkpoint()
    await run_in_worker(checkpoint)
    await run_in_worker(checkpoint, size=0)


async def test_others_have_their_turn_between_slow_items() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    found = []
    async for item in in_slices(range(3)):
        time.sleep(SLICE_S * 1.5)  # noqa: ASYNC251 - work that holds the event loop
        found.append((item, turns))
    task.cancel()
    assert found == [(0, 0), (1, 1), (2, 2)]


async def test_many_requests_in_slices_share_the_time_before_others_have_their_turn() -> None:
    requests, items = 40, 10
    worked, most, seen = 0, 0, 0

    async def work() -> None:
        nonlocal worked
        async for _ in in_slices(range(items)):
            time.sleep(SLICE_S / items)  # noqa: ASYNC251 - work that holds the event loop
            worked += 1

    tasks = [asyncio.create_task(work()) for _ in range(requests)]
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        most, seen = max(most, worked - seen), worked
    assert worked == requests * items
    assert most <= 3 * requests


async def test_work_in_slices_that_is_abandoned_takes_no_share() -> None:
    slices = in_slices(range(3))
    await anext(slices)
    assert worker._Slices.active == 1
    await slices.aclose()  # type: ignore[attr-defined]  # a generator
    assert worker._Slices.active == 0
