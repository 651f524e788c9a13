"""GraphiQL for browsers: one page and its assets, all served from here; a plain form where it is not built."""

import os
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from asgi.negotiation import accepts_html

_WEB = Path(__file__).resolve().parents[2] / "web"
DIST = _WEB / "dist"
PLAIN = _WEB / "plain"

_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # the editor sets styles from scripts
        "img-src 'self' data:",  # and has its icons in them
        "font-src 'self'",
        "connect-src 'self'",  # WebSockets of this origin included
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
PAGE_HEADERS = {
    "content-security-policy": _CONTENT_SECURITY_POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-cache",
    "vary": "Accept",
}


class HashedAssets(StaticFiles):
    """Files with a hash of their contents in their names, which browsers may cache forever."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


@dataclass(frozen=True)
class GraphiQL:
    """The page, and the assets it loads from /graphql/assets."""

    html: str
    assets: StaticFiles


def load_graphiql(dist: Path = DIST) -> GraphiQL:
    """Load GraphiQL, or the plain form, which says that GraphiQL is not built."""
    index = dist / "index.html"
    if index.is_file():
        return GraphiQL(index.read_text(encoding="utf-8"), HashedAssets(directory=dist / "assets"))
    return GraphiQL((PLAIN / "index.html").read_text(encoding="utf-8"), StaticFiles(directory=PLAIN / "assets"))


def graphiql_response(graphiql: GraphiQL) -> Response:
    """The page, under a policy that allows it to load nothing from other origins."""
    return HTMLResponse(graphiql.html, headers=PAGE_HEADERS)


async def lead_to_graphiql(request: Request) -> Response:
    """Redirect a browser from / to the page. Other clients get 404, as for any path that does not exist."""
    if not accepts_html(request.headers.get("accept")):
        raise HTTPException(404)
    return RedirectResponse("/graphql", headers={"vary": "Accept"})
