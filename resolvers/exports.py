"""Links to a trend as a document: what they carry, how long they last, and what they resolve to."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial

from errors import BadUserInput, ErrorCode, GatewayError, Place
from permissions.enforce import READ, check_gate, require_caller, require_scopes
from permissions.reach import ReachedProject
from permissions.resources import INSIGHT
from permissions.sealing import seal, sealing_key, unseal
from resolvers.budget import trend_cost
from resolvers.context import RequestContext
from resolvers.insights import SAVED_INSIGHTS
from resolvers.trend_field import keep_values, resolve_trend
from resolvers.trends.query import TrendQuery
from resolvers.trends.results import TrendResult
from settings import Settings

SCOPE = "insight:read"
LIFETIME = timedelta(minutes=10)
EXPORT_LIMIT = 10_000
"""Breakdown values of a document, unless the query says how many; one more series adds up the others."""
MAX_LINK_LENGTH = 6000
"""Characters: servers and proxies reject long URLs."""


class ExportFormat(StrEnum):
    CSV = "csv"
    ARROW = "arrow"
    PARQUET = "parquet"


class LinkExpired(GatewayError):
    """A link that was valid has expired."""

    def __init__(self) -> None:
        super().__init__(
            ErrorCode.NOT_FOUND,
            "The link has expired.",
            hint="Links are valid for {minutes} minutes: request a new one.",
            minutes=LIFETIME // timedelta(minutes=1),
        )


@dataclass(frozen=True, slots=True)
class ExportQuery:
    """A query as the client sent it, JSON of a TrendQueryInput, and the insight that it belongs to, if any."""

    query: Mapping[str, object]
    insight_id: int | None = None


@dataclass(frozen=True, slots=True)
class ExportLink:
    """What a link carries. The document shows the trend as of the time when the link was created."""

    key_id: str
    project_id: int
    export_query: ExportQuery
    format: ExportFormat
    created_at: datetime
    is_safe: bool
    """Whether the cells of a CSV document are safe to open in a spreadsheet."""


def write_link(
    context: RequestContext,
    project: ReachedProject,
    export_query: ExportQuery,
    format_: ExportFormat,
    *,
    is_safe: bool = True,
) -> str:
    """Return the path of a link for the caller's key. Raises BadUserInput for a query that does not fit in one."""
    caller = require_caller(context)
    content = {
        "key": caller.key_id,
        "project": project.record.id,
        "insight": export_query.insight_id,
        "format": format_.value,
        "safe": is_safe,
        "at": context.now.timestamp(),
        # A link stops working with the value that made it.
        "until": None if caller.old_value_until is None else caller.old_value_until.timestamp(),
        "query": export_query.query,
    }
    packed = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), level=9)
    token = seal(packed, _key(context.settings))
    if len(token) > MAX_LINK_LENGTH:
        raise BadUserInput("The query is too long for a link.", path=("query",), hint=Place.EXPORT)
    return f"/exports/{token}"


def read_link(token: str, settings: Settings, now: datetime) -> ExportLink:
    """Read what a link carries. Raises FORBIDDEN for an invalid link, and LinkExpired."""
    content = json.loads(zlib.decompress(unseal(token, _key(settings))))
    created_at = datetime.fromtimestamp(content["at"], UTC)
    if now >= created_at + LIFETIME or (content["until"] is not None and now.timestamp() >= content["until"]):
        raise LinkExpired
    return ExportLink(
        key_id=content["key"],
        project_id=content["project"],
        export_query=ExportQuery(content["query"], content["insight"]),
        format=ExportFormat(content["format"]),
        created_at=created_at,
        is_safe=content["safe"],
    )


async def open_export(context: RequestContext, link: ExportLink) -> ReachedProject:
    """Return the project if the key still has access. Raises as the field that returned the link would."""
    require_scopes(context, SCOPE)
    project = await context.reach(str(link.project_id))
    if link.export_query.insight_id is None:
        check_gate(project.policy, INSIGHT, READ, strictly=True)
    else:
        await SAVED_INSIGHTS.load(context, project, str(link.export_query.insight_id))
    return project


async def resolve_export(
    context: RequestContext, project: ReachedProject, link: ExportLink, query: TrendQuery
) -> TrendResult:
    """Compute the trend as of when the link was created.

    Unless the query has a breakdownLimit, there are up to EXPORT_LIMIT breakdown values, as far as the limit of
    figures allows.
    """
    context = replace(context, now=link.created_at)
    if link.export_query.query.get("breakdownLimit") is None:
        query = keep_values(context, project, query, EXPORT_LIMIT)
    price = partial(trend_cost, lists=1)
    trend = await resolve_trend(context, project, query, price=price)
    return trend.result


def _key(settings: Settings) -> bytes:
    secret = settings.secret_key
    return sealing_key(None if secret is None else secret.get_secret_value(), purpose="trendgate export 2")
