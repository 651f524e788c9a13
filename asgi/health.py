"""Whether the server is alive, and whether it can work."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from asgi.responses import reply_json
from errors import GatewayError
from resolvers.stores import Stores

logger = logging.getLogger("trendgate.health")

PATIENCE_S = 5.0


async def healthz(_: Request) -> Response:
    """The process answers; says nothing about the stores."""
    return reply_json({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Each store by name: "ok", or in words what is wrong; 503 unless all are."""
    stores: Stores = request.app.state.stores
    metadata, events = await asyncio.gather(_check(stores.metadata.ping), _check(stores.events.ping))
    is_ready = metadata == events == "ok"
    return reply_json(
        {"status": "ok" if is_ready else "unavailable", "stores": {"metadata": metadata, "events": events}},
        status=200 if is_ready else 503,
    )


async def _check(ping: Callable[[], Awaitable[None]]) -> str:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await ping()
    except TimeoutError:
        return f"no answer within {PATIENCE_S:g} seconds"
    except GatewayError as refusal:
        return refusal.message
    except Exception as failure:
        logger.exception("a store does not answer")
        return f"does not answer ({type(failure).__name__}; the log has the cause)"
    return "ok"
