"""What every request that asks for data starts with."""

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.websockets import WebSocket

from permissions.authenticate import LinkedKey
from resolvers.context import RequestContext, open_context
from resolvers.stores import Stores
from settings import Settings
from telemetry.request import REQUEST, OperationReport, RequestInfo, no_op


async def open_request(
    request: Request | WebSocket,
    settings: Settings,
    clock: Callable[[], datetime],
    *,
    link: LinkedKey | None = None,
    report: Callable[[OperationReport], None] = no_op,
) -> RequestContext:
    """The context of a request, authenticated once; what is asked decides what to do about a refused key.

    `link` is the key that a link carries, in place of one in the header; `report` is told how a GraphQL operation
    ended.
    """
    return await open_operation(
        request,
        settings,
        clock,
        request_id=str(request.state.request_id),
        authorization=request.headers.get("authorization"),
        link=link,
        report=report,
    )


async def open_operation(
    request: Request | WebSocket,
    settings: Settings,
    clock: Callable[[], datetime],
    *,
    request_id: str,
    authorization: str | None,
    link: LinkedKey | None = None,
    report: Callable[[OperationReport], None] = no_op,
) -> RequestContext:
    """The same for one of several operations on a connection, each of which has an id and a key of its own."""
    REQUEST.set(RequestInfo(request_id))
    stores: Stores = request.app.state.stores
    now = clock()
    return await open_context(
        request_id=request_id,
        authorization=authorization,
        now=now,
        settings=settings,
        store=stores.metadata,
        engine=stores.events,
        layout=await stores.layouts.at(now),
        answers=stores.answers,
        operations=stores.operations,
        link=link,
        report=report,
    )
