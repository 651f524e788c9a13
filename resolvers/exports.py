"""Links to a trend as a document: what they carry, how long they last, and what opening one answers."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from errors import BadUserInput, ErrorCode, GatewayError
from permissions.enforce import READ, check_gate, require_caller, require_scopes
from permissions.reach import ReachedProject
from permissions.resources import INSIGHT
from permissions.signing import sign, signing_key, verify
from resolvers.context import RequestContext
from resolvers.insights import SAVED_INSIGHTS
from resolvers.trend_field import resolve_trend
from resolvers.trends.query import TrendQuery
from resolvers.trends.results import TrendResult
from settings import Settings

SCOPE = "insight:read"
LIFETIME = timedelta(minutes=10)
EXPORT_LIMIT = 10_000
"""Breakdown values that a document keeps; what lies beyond is one more line, as ever."""
LONGEST_LINK = 6000
"""Characters: servers and proxies refuse long addresses."""


class ExportFormat(StrEnum):
    CSV = "csv"
    ARROW = "arrow"
    PARQUET = "parquet"


class LinkExpired(GatewayError):
    """The link was good, and is not any more."""

    def __init__(self) -> None:
        minutes = LIFETIME // timedelta(minutes=1)
        super().__init__(
            ErrorCode.NOT_FOUND,
            "The link has expired.",
            hint=f"Links are good for {minutes} minutes: ask for a new one.",
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was sent, JSON of a TrendQueryInput; with the insight that it was read from, if it was."""

    query: Mapping[str, object]
    insight_id: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What a link carries. The document is that of the moment when the link was made."""

    key_id: str
    project_id: int
    asked: Asked
    format: ExportFormat
    made_at: datetime


def write_link(context: RequestContext, project: ReachedProject, asked: Asked, format_: ExportFormat) -> str:
    """The path of a link for the caller's key. Raises BadUserInput for a question that is too long for one."""
    content = {
        "key": require_caller(context).key_id,
        "project": project.record.id,
        "insight": asked.insight_id,
        "format": format_.value,
        "at": context.now.timestamp(),
        "query": asked.query,
    }
    packed = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), level=9)
    token = sign(packed, _key(context.settings))
    if len(token) > LONGEST_LINK:
        raise BadUserInput(
            "The question is too long for a link.", path=("query",), hint="The field csv has the document itself."
        )
    return f"/exports/{token}"


def read_link(token: str, settings: Settings, now: datetime) -> Order:
    """What the link carries. Raises FORBIDDEN for a text that is no link, and LinkExpired."""
    content = json.loads(zlib.decompress(verify(token, _key(settings))))
    made_at = datetime.fromtimestamp(content["at"], UTC)
    if now >= made_at + LIFETIME:
        raise LinkExpired
    asked = Asked(content["query"], content["insight"])
    return Order(content["key"], content["project"], asked, ExportFormat(content["format"]), made_at)


async def open_export(context: RequestContext, order: Order) -> ReachedProject:
    """The project, when the key may still ask. Raises as the field would that gave the link out."""
    require_scopes(context, SCOPE)
    project = await context.reach(str(order.project_id))
    if order.asked.insight_id is None:
        check_gate(project.policy, INSIGHT, READ, strictly=True)
    else:
        await SAVED_INSIGHTS.load(context, project, str(order.asked.insight_id))
    return project


async def resolve_export(
    context: RequestContext, project: ReachedProject, order: Order, query: TrendQuery
) -> TrendResult:
    """The answer as of when the link was made, with every breakdown value that fits."""
    complete = replace(query, breakdown_limit=EXPORT_LIMIT)
    answer = await resolve_trend(replace(context, now=order.made_at), project, complete)
    return answer.result


def _key(settings: Settings) -> bytes:
    secret = settings.secret_key
    return signing_key(None if secret is None else secret.get_secret_value(), purpose="trendgate export 1")
