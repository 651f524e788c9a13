"""Metrics and a span for each HTTP request."""

import re
from collections.abc import Iterable
from typing import Final

from opentelemetry.propagate import extract
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from telemetry.metrics import Metrics
from telemetry.request import REQUEST, RequestInfo
from telemetry.tracing import TRACER

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"
CLIENT_CLOSED_REQUEST: Final = 499
"""The status recorded for requests whose client disconnected before a response."""


class TelemetryMiddleware:
    """Counts requests by route and continues the client's trace. Needs the request's id.

    `routes` are the application's paths, which may have `{parameters}`; every other path counts as OTHER.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, routes: Iterable[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._routes = [(path, _pattern(path)) for path in routes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        REQUEST.set(RequestInfo(str(scope["state"]["request_id"])))
        method = scope["method"] if scope["method"] in METHODS else OTHER
        route = self._route_of(scope["path"])
        status = CLIENT_CLOSED_REQUEST

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

    def _route_of(self, path: str) -> str:
        return next((route for route, pattern in self._routes if pattern.fullmatch(path)), OTHER)


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^{}]*\}", path.rstrip("/"))
    return re.compile("[^/]+".join(map(re.escape, parts)) + "/?")


def _describe(span: Span, method: str, route: str, status: int) -> None:
    span.set_attribute("http.request.method", method)
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_attribute("error.type", str(status))
        span.set_status(Status(StatusCode.ERROR))
