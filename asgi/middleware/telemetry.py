"""Metrics, a span and a line of the access log for each HTTP request."""

import re
import time
from collections.abc import Iterable
from typing import Final

from opentelemetry.propagate import extract
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from telemetry.access_log import log_request
from telemetry.metrics import Metrics
from telemetry.request import REQUEST, RequestInfo
from telemetry.tracing import TRACER

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"
WEBSOCKET: Final = "WEBSOCKET"
"""The method logged for WebSockets."""
CLIENT_CLOSED_REQUEST: Final = 499
"""The status recorded for requests whose client disconnected before a response."""
_SWITCHING_PROTOCOLS: Final = 101
_FORBIDDEN: Final = 403


class TelemetryMiddleware:
    """Counts and logs requests by route and continues the client's trace. Needs the request's id.

    A WebSocket is logged when it has closed, and not counted.

    `routes` are the application's paths, which may have `{parameters}`; every other path counts as OTHER.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, routes: Iterable[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._routes = [(path, _pattern(path)) for path in routes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._request(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case _:
                await self._app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        REQUEST.set(RequestInfo(str(scope["state"]["request_id"])))
        status, started_at = CLIENT_CLOSED_REQUEST, time.perf_counter()

        async def send_observed(message: Message) -> None:
            nonlocal status
            if status == CLIENT_CLOSED_REQUEST:
                status = _handshake_status(message)
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        finally:
            _log(scope, WEBSOCKET, self._route_of(scope["path"]), status, started_at)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        REQUEST.set(RequestInfo(str(scope["state"]["request_id"])))
        method = scope["method"] if scope["method"] in METHODS else OTHER
        route = self._route_of(scope["path"])
        status, started_at = CLIENT_CLOSED_REQUEST, time.perf_counter()

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._metrics.record_request()
        parent = extract(Headers(scope=scope))
        with TRACER.start_as_current_span(f"{method} {route}", context=parent, kind=SpanKind.SERVER) as span:
            try:
                await self._app(scope, receive, send_observed)
            except Exception:
                status = 500 if status == CLIENT_CLOSED_REQUEST else status
                raise
            finally:
                self._metrics.record_response(method, route, status)
                _describe(span, method, route, status)
                _log(scope, method, route, status, started_at)

    def _route_of(self, path: str) -> str:
        return next((route for route, pattern in self._routes if pattern.fullmatch(path)), OTHER)


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^{}]*\}", path.rstrip("/"))
    return re.compile("[^/]+".join(map(re.escape, parts)) + "/?")


def _handshake_status(message: Message) -> int:
    match message["type"]:
        case "websocket.accept":
            return _SWITCHING_PROTOCOLS
        case "websocket.http.response.start":
            status: int = message["status"]
            return status
        case _:  # closed before it was accepted
            return _FORBIDDEN


def _log(scope: Scope, method: str, route: str, status: int, started_at: float) -> None:
    client = scope.get("client")
    log_request(
        client=client[0] if client else "-",
        method=method,
        route=route,
        status=status,
        seconds=time.perf_counter() - started_at,
    )


def _describe(span: Span, method: str, route: str, status: int) -> None:
    span.set_attribute("http.request.method", method)
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_attribute("error.type", str(status))
        span.set_status(Status(StatusCode.ERROR))
