"""GraphiQL for browsers: one page and its assets, all from this server."""

import os
from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

DIST = Path(__file__).resolve().parent.parent / "web" / "dist"

# Everything comes from here. The editor sets styles from scripts, and its icons are images within them.
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


def read_page(dist: Path = DIST) -> str | None:
    """The page, or None where it was not built."""
    index = dist / "index.html"
    return index.read_text(encoding="utf-8") if index.is_file() else None


def reply_page(page: str) -> Response:
    """The page under a policy that lets it load nothing from elsewhere."""
    return HTMLResponse(page, headers=PAGE_HEADERS)
