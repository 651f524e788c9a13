"""`/api/projects/{project_id}/insights/trend/`: one trend."""

from collections.abc import Iterator
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from asgi.rest.naming import in_parameters
from asgi.rest.read_query import Question, read_parameters
from asgi.rest.request import Format, Sent, read_sent
from asgi.rest.response import Answered, write_answer
from datasource.clickhouse.errors import ResultTooLarge
from errors import GatewayError
from permissions.enforce import READ, check_gate, require_scopes
from permissions.reach import ReachedProject
from permissions.resources import INSIGHT
from resolvers.context import RequestContext
from resolvers.trend_field import resolve_trend
from resolvers.trends.csv import write_csv
from resolvers.trends.query import ActionSeries, TrendQuery
from resolvers.trends.results import TrendResult

SCOPE = "insight:read"
FEWEST_EXPORTED = 64
"""Breakdown values below which an export that is too large is not cut further."""


async def answer_trend(request: Request, context: RequestContext) -> Response:
    """Needs the scope insight:read, and viewer access to insights, as the field `Project.trend` does."""
    require_scopes(context, SCOPE)
    project = await context.reach(request.path_params["project_id"])
    check_gate(project.policy, INSIGHT, READ, strictly=True)
    settings = context.settings
    sent = await read_sent(request, max_objects=settings.max_variable_objects)
    is_export = sent.format is Format.CSV
    question = read_parameters(sent.values, max_filters=settings.max_filters, is_export=is_export)
    try:
        if is_export:
            return _reply_csv(await _export(context, project, question, sent), project, context)
        return await _reply_json(context, project, question, sent)
    except GatewayError as refusal:
        raise in_parameters(refusal, question.places) from refusal


async def _reply_json(
    context: RequestContext, project: ReachedProject, question: Question, sent: Sent
) -> Response:
    answer = await resolve_trend(context, project, question.query, refresh=question.refresh)
    names = await _action_names(context, project, question.query)
    answered = Answered(sent.values, question.query, answer, names)
    return Response(
        write_answer(answered),
        headers={"cache-control": "no-store", "vary": "Accept"},
        media_type="application/json",
    )


async def _export(context: RequestContext, project: ReachedProject, question: Question, sent: Sent) -> TrendResult:
    """The trend with as many breakdown values as an answer may have, unless the client said how many."""
    query, refresh = question.query, question.refresh
    *larger, fewest = [query] if "breakdown_limit" in sent.values else _ever_fewer(query)
    for attempt in larger:
        try:
            return (await resolve_trend(context, project, attempt, refresh=refresh)).result
        except ResultTooLarge:
            continue
    return (await resolve_trend(context, project, fewest, refresh=refresh)).result


def _ever_fewer(query: TrendQuery) -> Iterator[TrendQuery]:
    limit = query.breakdown_limit
    while limit > FEWEST_EXPORTED and query.breakdowns:
        yield replace(query, breakdown_limit=limit)
        limit //= 2
    yield replace(query, breakdown_limit=limit)


def _reply_csv(result: TrendResult, project: ReachedProject, context: RequestContext) -> Response:
    name = f"trend-{project.record.id}-{context.now:%Y-%m-%d}.csv"
    return Response(
        write_csv(result),
        headers={
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{name}"',
            "vary": "Accept",
        },
        media_type="text/csv",
    )


async def _action_names(context: RequestContext, project: ReachedProject, query: TrendQuery) -> dict[int, str]:
    """The names of the actions that the trend counted, which the caller could read then."""
    ids = [series.action_id for series in query.series if isinstance(series, ActionSeries)]
    records = await context.actions.load_many([(project.record.id, action_id) for action_id in ids])
    return {record.id: record.name for record in records if record is not None}
