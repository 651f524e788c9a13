"""Cancelling work when its client disconnects."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from starlette.requests import Request

Result = TypeVar("Result")


class ClientDisconnected(Exception):
    """The client disconnected before the response."""


async def while_connected(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """Run the work; when the client disconnects, cancel it and the queries it waits for.

    The request's body must have been read, since the disconnect arrives through the same channel.
    Raises ClientDisconnected once the cancelled work has ended.
    """
    working = asyncio.ensure_future(work)
    disconnect = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait([working, disconnect], return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnected
        return working.result()
    finally:
        await _end(disconnect)
        await _end(working)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _end(task: asyncio.Future[Any]) -> None:
    if not task.done():
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
