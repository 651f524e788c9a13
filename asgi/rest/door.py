"""How a request to the REST addresses is answered: who asks, what was refused, and who went away."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from asgi.departure import ClientGone, while_connected
from asgi.opening import open_request
from asgi.rest.places import Places, in_parameters
from asgi.rest.refusals import reply_refusal
from errors import GatewayError
from resolvers.context import RequestContext
from settings import Settings

logger = logging.getLogger("trendgate")

CLIENT_CLOSED_REQUEST = 499
Answer = Callable[[Request, RequestContext], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Door:
    """Makes endpoints of functions that answer a request, or raise GatewayError."""

    settings: Settings
    clock: Callable[[], datetime]

    def endpoint(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint; its work ends when the client goes away."""

        async def endpoint(request: Request) -> Response:
            try:
                await request.body()
                return await while_connected(request, self._answer(answer, request))
            except (ClientDisconnect, ClientGone):
                logger.info("the client of request %s went away", request.state.request_id)
                return Response(status_code=CLIENT_CLOSED_REQUEST)  # which nobody reads

        return endpoint

    async def _answer(self, answer: Answer, request: Request) -> Response:
        context = await open_request(request, self.settings, self.clock)
        try:
            return await answer(request, context)
        except GatewayError as refusal:
            logger.info("refused %s in request %s: %s", refusal.code, context.request_id, refusal.message)
            return reply_refusal(in_parameters(refusal, Places()), was_key_sent="authorization" in request.headers)
