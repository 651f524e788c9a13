"""Spans as OpenTelemetry's SDK receives them, and the trace that ClickHouse continues."""

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import format_span_id, format_trace_id

from resolvers.stores import Stores
from settings import Settings
from tests.datasource.clickhouse.native_servers import open_native, serving
from tests.support.gateway import Gateway, open_gateway
from tests.support.native_server import Backend
from tests.support.telemetry import attributes, by_name, record_spans

TREND = "query Named($id: ID!) { project(id: $id) { trend(query: {events: [{}]}) { series { count } } } }"
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def recorded() -> InMemorySpanExporter:
    return record_spans()


@pytest.fixture
def spans(recorded: InMemorySpanExporter) -> InMemorySpanExporter:
    recorded.clear()
    return recorded


async def ask(gateway: Gateway, name: str, *scopes: str) -> None:
    project = await gateway.project(name)
    key = await gateway.key(*scopes, project=project)
    headers = {"authorization": f"Bearer {key}", "traceparent": TRACEPARENT}
    await gateway.client.post(
        "/graphql", json={"query": TREND, "variables": {"id": str(project.id)}}, headers=headers
    )


async def test_trend_is_one_trace_from_the_client_to_clickhouse(
    gateway: Gateway, spans: InMemorySpanExporter
) -> None:
    await ask(gateway, "traced", "project:read", "insight:read")
    found = by_name(spans.get_finished_spans())
    assert set(found) == {"POST /graphql", "query", "compile trend", "clickhouse query"}
    assert {format_trace_id(span.context.trace_id) for span in found.values()} == {TRACE}
    for child, parent in (("query", "POST /graphql"), ("compile trend", "query"), ("clickhouse query", "query")):
        above = found[child].parent
        assert above is not None
        assert above.span_id == found[parent].context.span_id
    assert attributes(found["query"])["graphql.operation.name"] == "Named"
    assert attributes(found["POST /graphql"])["http.response.status_code"] == 200
    assert attributes(found["clickhouse query"])["db.system.name"] == "clickhouse"


async def test_spans_contain_no_query_text(gateway: Gateway, spans: InMemorySpanExporter) -> None:
    await ask(gateway, "traced without text", "project:read", "insight:read")
    recorded = str([attributes(span) for span in spans.get_finished_spans()])
    assert "SELECT" not in recorded
    assert "series" not in recorded


async def test_failed_operation_has_an_error_span(gateway: Gateway, spans: InMemorySpanExporter) -> None:
    await ask(gateway, "traced error", "project:read")
    operation = by_name(spans.get_finished_spans())["query"]
    assert attributes(operation)["error.type"] == "FORBIDDEN"
    assert not operation.status.is_ok


async def test_clickhouse_server_receives_the_span(
    stores: Stores, settings: Settings, backend: Backend, spans: InMemorySpanExporter
) -> None:
    with serving(backend) as server:
        async with (
            open_native(server) as native,
            open_gateway(Stores(stores.metadata, native), settings) as gateway,
        ):
            await ask(gateway, "traced on a server", "project:read", "insight:read")
    query = by_name(spans.get_finished_spans())["clickhouse query"]
    received = next(each for each in server.queries if each.id == attributes(query)["trendgate.query_id"])
    assert received.traceparent == f"00-{TRACE}-{format_span_id(query.context.span_id)}-01"
