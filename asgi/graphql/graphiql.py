"""GraphiQL for browsers: one page and its assets, all from this server. Where it was not built, a plain form."""

import os
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_WEB = Path(__file__).resolve().parents[2] / "web"
DIST = _WEB / "dist"
PLAIN = _WEB / "plain"

# Everything comes from here; 'self' covers the WebSockets of this address too. The editor sets styles from
# scripts, and its icons are images within them.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
PAGE_HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-cache",
    "vary": "Accept",
}


class HashedAssets(StaticFiles):
    """Files whose names change with their contents, so that browsers may keep them."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """See Starlette."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


@dataclass(frozen=True)
class Page:
    """The page and what it loads from /graphql/assets."""

    html: str
    assets: StaticFiles


def open_page(dist: Path = DIST) -> Page:
    """GraphiQL or, where it was not built, the form, which says so."""
    index = dist / "index.html"
    if index.is_file():
        return Page(index.read_text(encoding="utf-8"), HashedAssets(directory=dist / "assets"))
    return Page((PLAIN / "index.html").read_text(encoding="utf-8"), StaticFiles(directory=PLAIN / "assets"))


def reply_page(page: str) -> Response:
    """The page under a policy that lets it load nothing from elsewhere."""
    return HTMLResponse(page, headers=PAGE_HEADERS)
