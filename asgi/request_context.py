"""Opens the context of a request over HTTP, or of an operation over a WebSocket."""

from collections.abc import Callable
from datetime import datetime

from starlette.requests import HTTPConnection

from resolvers.context import Credentials, RequestContext, open_context
from resolvers.stores import Stores
from settings import Settings
from telemetry.request import REQUEST, OperationReport, RequestInfo, no_op


async def open_request_context(
    connection: HTTPConnection,
    settings: Settings,
    clock: Callable[[], datetime],
    credentials: Credentials,
    *,
    request_id: str | None = None,
    report: Callable[[OperationReport], None] = no_op,
) -> RequestContext:
    """Authenticate the credentials. Rejected ones raise at guarded fields only.

    `request_id` is that of one operation where a connection carries several. `report`: see open_context.
    """
    request_id = request_id or str(connection.state.request_id)
    REQUEST.set(RequestInfo(request_id))
    stores: Stores = connection.app.state.stores
    return await open_context(
        stores,
        settings,
        credentials,
        clock(),
        request_id,
        rate_limiter=connection.app.state.rate_limiter,
        report=report,
    )
