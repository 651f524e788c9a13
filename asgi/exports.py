"""`/exports/{token}`: a trend as a file, for anyone with the link."""

from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from asgi.request_context import open_request_context
from asgi.responses import reply_in_parts
from asgi.rest.endpoint import respond
from asgi.rest.errors import reply_error
from permissions.authenticate import LinkedKey
from resolvers.exports import ExportFormat, ExportLink, LinkExpired, open_export, read_link, resolve_export
from resolvers.trends.arrow_export import write_arrow, write_parquet
from resolvers.trends.csv import write_csv_chunks
from resolvers.trends.results import TrendResult
from resolvers.worker import LARGE
from schema.build import GatewaySchema
from schema.stored_query import read_query
from schema.trend_query_reader import read_trend_query
from settings import Settings

PATH = "/exports/{token}"
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; sandbox",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_GONE = 410


_MEDIA_TYPES: Mapping[ExportFormat, str] = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.ARROW: "application/vnd.apache.arrow.stream",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class Exports:
    """The endpoint. It needs no key but that of the link, which is authenticated like the key of a request."""

    settings: Settings
    clock: Callable[[], datetime]
    schema: GatewaySchema

    def endpoint(self) -> Callable[[Request], Awaitable[Response]]:
        """Create the endpoint, for GET and for HEAD, which runs no query."""

        async def endpoint(request: Request) -> Response:
            response = await respond(request, self._answer(request))
            response.headers.update(HEADERS)
            return response

        return endpoint

    async def _answer(self, request: Request) -> Response:
        try:
            link = read_link(request.path_params["token"], self.settings, self.clock())
        except LinkExpired as expired:
            return reply_error(expired, status=_GONE)
        key = LinkedKey(link.key_id, link.created_at)
        context = await open_request_context(request, self.settings, self.clock, key)
        project = await open_export(context, link)
        headers = {
            "content-disposition": f'attachment; filename="{_file_name(link)}"',
            "content-type": _MEDIA_TYPES[link.format],
        }
        if request.method == "HEAD":
            return StreamingResponse(iter(()), headers=headers)  # streaming, since the length is unknown
        given = read_query(self.schema, link.export_query.query)
        query = read_trend_query(given, max_filters=self.settings.max_filters)
        result = await resolve_export(context, project, link, query)
        return reply_in_parts(_write(result, link), size=max(result.size, LARGE), headers=headers)


def _write(result: TrendResult, link: ExportLink) -> Generator[bytes]:
    match link.format:
        case ExportFormat.CSV:
            return (part.encode() for part in write_csv_chunks(result, is_safe=link.is_safe))
        case ExportFormat.ARROW:
            return write_arrow(result)
        case ExportFormat.PARQUET:
            return write_parquet(result)


def _file_name(link: ExportLink) -> str:
    return f"trend-{link.project_id}-{link.created_at:%Y-%m-%d}.{link.format}"
