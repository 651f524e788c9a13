"""The watchdog of this suite notices what holds the event loop, and nothing else."""

import asyncio
import gc
import time
from collections.abc import Callable

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.loop_watchdog import HELD_S, Watchdog


def compute(seconds: float = 2 * HELD_S) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


async def found_in(endpoint: Callable[[Request], object]) -> list[str]:
    app = Starlette(routes=[Route("/", endpoint)])
    own = Watchdog()
    with own.installed():
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway") as client:
            response = await client.get("/")
    assert response.status_code == 200
    return own.take()


async def test_endpoint_that_computes_is_noticed(watchdog: Watchdog) -> None:
    async def endpoint(_: Request) -> Response:
        compute()
        return Response()

    [found] = await found_in(endpoint)
    assert found.endswith("ms: http /")
    assert len(watchdog.take()) == 1


async def test_task_of_an_endpoint_that_computes_is_noticed(watchdog: Watchdog) -> None:
    async def part() -> None:
        await asyncio.sleep(0)
        compute()

    async def endpoint(_: Request) -> Response:
        await asyncio.create_task(part())
        return Response()

    [found] = await found_in(endpoint)
    assert "part" in found
    assert len(watchdog.take()) == 1


async def test_callback_that_computes_is_noticed(watchdog: Watchdog) -> None:
    async def endpoint(_: Request) -> Response:
        asyncio.get_running_loop().call_soon(compute)
        await asyncio.sleep(0.01)
        return Response()

    [found] = await found_in(endpoint)
    assert "compute" in found
    assert len(watchdog.take()) == 1


async def test_waiting_is_not_noticed() -> None:
    async def endpoint(_: Request) -> Response:
        await asyncio.sleep(2 * HELD_S)
        time.sleep(2 * HELD_S)  # noqa: ASYNC251 - as a busy machine makes it wait
        return Response()

    assert await found_in(endpoint) == []


async def test_work_on_threads_and_in_slices_is_not_noticed() -> None:
    async def endpoint(_: Request) -> Response:
        await asyncio.to_thread(compute)
        for _slice in range(8):
            compute(HELD_S / 4)
            await asyncio.sleep(0)
        return Response()

    assert await found_in(endpoint) == []


async def test_garbage_collections_are_not_noticed() -> None:
    async def endpoint(_: Request) -> Response:
        until = time.thread_time() + 2 * HELD_S
        while time.thread_time() < until:
            gc.collect()
        return Response()

    assert await found_in(endpoint) == []


async def test_tests_themselves_may_compute(watchdog: Watchdog) -> None:
    compute()
    await asyncio.create_task(asyncio.to_thread(compute))
    assert watchdog.take() == []


async def test_errors_and_cancellation_pass_through_the_watched_steps(watchdog: Watchdog) -> None:
    cancelled = asyncio.Event()

    async def endpoint(_: Request) -> Response:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        raise AssertionError

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await found_in(endpoint)
    assert cancelled.is_set()
    assert watchdog.take() == []
