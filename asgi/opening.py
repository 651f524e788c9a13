"""What every request that asks for data starts with."""

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.websockets import WebSocket

from asgi.stores import Stores
from permissions.authenticate import LinkedKey
from resolvers.context import RequestContext, open_context
from resolvers.reports import OperationReport, forget
from settings import Settings


async def open_request(
    request: Request | WebSocket,
    settings: Settings,
    clock: Callable[[], datetime],
    *,
    link: LinkedKey | None = None,
    report: Callable[[OperationReport], None] = forget,
) -> RequestContext:
    """The context of a request, authenticated once; what is asked decides what to do about a refused key.

    `link` is the key that a link carries, in place of one in the header; `report` is told how a GraphQL operation
    ended.
    """
    stores: Stores = request.app.state.stores
    now = clock()
    return await open_context(
        request_id=str(request.state.request_id),
        authorization=request.headers.get("authorization"),
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
