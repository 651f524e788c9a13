"""`/api/projects/{project_id}/insights/trend/`: one trend."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from asgi.responses import reply_in_parts
from asgi.rest.naming import PARAMETERS, RequestPaths
from asgi.rest.read_query import LocatedQuery, read_query
from asgi.rest.request import Format, TrendRequest, read_request
from asgi.rest.response import QueryWarning, TrendBuilder, write_trend
from datasource.clickhouse.errors import ResultTooLarge
from errors import GatewayError
from permissions.enforce import READ, check_gate, require_scopes
from permissions.reach import ReachedProject
from permissions.resources import INSIGHT
from resolvers.budget import trend_cost
from resolvers.context import RequestContext
from resolvers.trend_field import keep_values, resolve_trend
from resolvers.trend_warnings import TrendWarning, find_warnings
from resolvers.trends.csv import write_csv_chunks
from resolvers.trends.query import ActionSeries, TrendQuery
from resolvers.trends.results import TrendResult

SCOPE = "insight:read"
_JSON_PRICE = partial(trend_cost, lists=4)
"""A row has data, days, labels, and the days of its action."""
_CSV_PRICE = partial(trend_cost, lists=1)
SMALLEST_EXPORT = 64
"""Breakdown values below which a CSV file that is too large is not cut further."""


async def get_trend(request: Request, context: RequestContext) -> Response:
    """Answer a trend. Requires the scope insight:read and viewer access to insights, as `Project.trend` does."""
    require_scopes(context, SCOPE)
    project = await context.reach(request.path_params["project_id"])
    check_gate(project.policy, INSIGHT, READ, strictly=True)
    settings = context.settings
    trend = await read_request(request, max_objects=settings.max_variable_objects)
    is_export = trend.format is Format.CSV
    located = read_query(trend.parameters, max_filters=settings.max_filters, is_export=is_export)
    try:
        if is_export:
            return _reply_csv(await _export(context, project, located.query, trend), project, context)
        return await _reply_json(context, project, located, trend)
    except GatewayError as error:
        raise located.paths.locate(error) from error


async def _reply_json(
    context: RequestContext, project: ReachedProject, located: LocatedQuery, trend: TrendRequest
) -> Response:
    query = located.query
    cached = await resolve_trend(context, project, query, price=_JSON_PRICE, refresh=trend.refresh)
    warnings = [_warning(each, located.paths) for each in await find_warnings(context, project, query, cached)]
    builder = TrendBuilder(trend, query, cached, await _action_names(context, project, query), warnings)
    return reply_in_parts(
        write_trend(builder),
        size=cached.result.size,
        headers={"cache-control": "no-store", "vary": "Accept"},
        media_type="application/json",
    )


def _warning(found: TrendWarning, paths: RequestPaths) -> QueryWarning:
    return {
        "code": found.code.value,
        "message": found.message.render(PARAMETERS),
        "path": [str(step) for step in paths.find(found.path)],
        "suggestion": found.suggestion,
    }


async def _export(
    context: RequestContext, project: ReachedProject, query: TrendQuery, trend: TrendRequest
) -> TrendResult:
    """Compute the trend with as many breakdown values as a result may have, unless the client says how many."""
    if trend.parameters.breakdown_limit is None:
        query = keep_values(context, project, replace(query, breakdown_limit=1), query.breakdown_limit)
        *larger, smallest = _ever_smaller(query)
    else:
        larger, smallest = [], query
    for attempt in larger:
        with suppress(ResultTooLarge):
            return (await resolve_trend(context, project, attempt, price=_CSV_PRICE, refresh=trend.refresh)).result
    return (await resolve_trend(context, project, smallest, price=_CSV_PRICE, refresh=trend.refresh)).result


def _ever_smaller(query: TrendQuery) -> Iterator[TrendQuery]:
    limit = query.breakdown_limit
    while limit > SMALLEST_EXPORT and query.breakdowns:
        yield replace(query, breakdown_limit=limit)
        limit //= 2
    yield replace(query, breakdown_limit=limit)


def _reply_csv(result: TrendResult, project: ReachedProject, context: RequestContext) -> Response:
    name = f"trend-{project.record.id}-{context.now:%Y-%m-%d}.csv"
    return reply_in_parts(
        (part.encode() for part in write_csv_chunks(result)),
        size=result.size,
        headers={
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{name}"',
            "vary": "Accept",
        },
        media_type="text/csv",
    )


async def _action_names(context: RequestContext, project: ReachedProject, query: TrendQuery) -> dict[int, str]:
    """The names of the actions that the query counts. The caller may read them, or the trend would have failed."""
    ids = [series.action_id for series in query.series if isinstance(series, ActionSeries)]
    records = await context.loaders.actions.load_many([(project.record.id, action_id) for action_id in ids])
    return {record.id: record.name for record in records if record is not None}
