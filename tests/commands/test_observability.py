"""Logs and traces of a server that runs as its own process."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.trendgate_process import START_S, serve

TRACE = "0af7651916cd43dd8448eb211c80319c"


@contextmanager
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """An OTLP collector: its endpoint and the requests it receives."""
    received: list[ExportTraceServiceRequest] = []

    class Receive(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receive)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        server.server_close()


def end(process: Any) -> str:
    """Stop the server, and return its log."""
    process.terminate()
    assert process.wait(timeout=START_S) == 0
    return str(process.stderr.read())


def ask(address: str, query: str) -> httpx2.Response:
    headers = {"x-request-id": "request-7", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    return httpx2.post(f"{address}/graphql", json={"query": query}, headers=headers)


def test_json_log_has_the_ids_of_request_and_trace(tmp_path: Path) -> None:
    given = {"TRENDGATE_LOG_FORMAT": "json", "TRENDGATE_ACCESS_LOG": "1"}
    with serve(tmp_path, **given) as (process, address):
        ask(address, "query Named { viewer { keyLabel } }")
        lines = [json.loads(line) for line in end(process).splitlines()]
    [operation] = [line for line in lines if line["logger"] == "trendgate.operations"]
    assert operation["request_id"] == "request-7"
    assert operation["trace_id"] == TRACE
    assert operation["operation_type"] == "query"
    assert operation["operation_name"] == "Named"
    assert operation["outcome"] == "UNAUTHENTICATED"
    assert operation["level"] == "info"
    assert operation["duration_ms"] > 0
    [request] = [line for line in lines if line["logger"] == "trendgate.access"]
    assert request["request_id"] == "request-7"
    assert (request["client"], request["method"], request["route"]) == ("127.0.0.1", "POST", "/graphql")
    assert (request["status"], request["duration_ms"] > 0) == (200, True)


def test_operations_are_not_logged_by_default(tmp_path: Path) -> None:
    with serve(tmp_path) as (process, address):
        assert ask(address, "{ __typename }").status_code == 200
        assert end(process) == ""


def test_spans_are_exported_to_the_collector_of_the_environment(tmp_path: Path) -> None:
    with (
        collector() as (endpoint, received),
        serve(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as (process, address),
    ):
        ask(address, "{ __typename }")
        assert end(process) == ""
    [resource] = [spans for request in received for spans in request.resource_spans]
    named = {item.key: item.value.string_value for item in resource.resource.attributes}
    assert named["service.name"] == "trendgate"
    spans = {span.name: span for scope in resource.scope_spans for span in scope.spans}
    assert set(spans) == {"POST /graphql", "query"}
    assert {span.trace_id.hex() for span in spans.values()} == {TRACE}
