"""Health checks: `/healthz` for the process, `/readyz` for its stores."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from asgi.responses import json_response
from errors import GatewayError
from resolvers.stores import Stores

logger = logging.getLogger("trendgate.health")

TIMEOUT_S = 5.0


async def healthz(_: Request) -> Response:
    """Report that the process responds; says nothing about its stores."""
    return json_response({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Report each store as "ok" or what is wrong with it; 503 unless all are ok."""
    stores: Stores = request.app.state.stores
    metadata, events = await asyncio.gather(_check(stores.metadata.ping), _check(stores.events.ping))
    is_ready = metadata == events == "ok"
    return json_response(
        {"status": "ok" if is_ready else "unavailable", "stores": {"metadata": metadata, "events": events}},
        status=200 if is_ready else 503,
    )


async def _check(ping: Callable[[], Awaitable[None]]) -> str:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await ping()
    except TimeoutError:
        return f"no response within {TIMEOUT_S:g} seconds"
    except GatewayError as error:
        return error.message
    except Exception as error:
        logger.exception("health check of a store failed")
        return f"not responding ({type(error).__name__}; see the log)"
    return "ok"
