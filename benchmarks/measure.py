"""One gateway, asked over HTTP; the same statements, asked of its ClickHouse alone."""

import asyncio
import json
import socket
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median

from asgi.app import create_app
from asgi.server import Server
from benchmarks.shapes import SHAPES, Query
from commands.bind import bind
from resolvers.stores import open_stores
from settings import Settings

DOCUMENT = """
query Trend($query: TrendQueryInput!, $refresh: TrendRefresh!) {
  project(id: "1") {
    trend(query: $query, refresh: $refresh) {
      days
      series { label data aggregatedValue }
      statistics { elapsedMs rowsRead bytesRead }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """Medians of one shape; `clickhouse_ms` is from a trend's first statement to its last row, `kept_ms` the whole
    exchange where the answer was kept."""

    shape: str
    http_ms: float
    kept_ms: float
    clickhouse_ms: float
    rows: int
    bytes: int


async def measure_shapes(settings: Settings, key: str, runs: int) -> list[Timing]:
    """Time every shape, over a real socket and from a thread of its own."""
    with bind("127.0.0.1", 0) as listener:
        return await _serve_and_measure(listener, settings, key, runs)


async def _serve_and_measure(listener: socket.socket, settings: Settings, key: str, runs: int) -> list[Timing]:
    async with open_stores(settings) as stores:
        started = asyncio.Event()
        server = Server(create_app(settings, stores=stores), settings, on_start=started.set)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await started.wait()
        client = Client(listener.getsockname()[1], key)
        timings = await asyncio.to_thread(
            lambda: [_measure(client, shape, query, runs) for shape, query in SHAPES.items()]
        )
        server.stop()
        await serving
    return timings


class Client:
    """One connection that is kept open, as a frontend's is."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def ask(self, query: Query, refresh: str = "FORCE") -> tuple[float, dict[str, float]]:
        """The milliseconds of the whole exchange, and the answer's statistics."""
        body = json.dumps({"query": DOCUMENT, "variables": {"query": query, "refresh": refresh}})
        started = time.perf_counter()
        self._connection.request("POST", "/graphql", body, self._headers)
        text = self._connection.getresponse().read()
        elapsed = (time.perf_counter() - started) * 1000
        answer = json.loads(text)
        if "errors" in answer:
            raise RuntimeError(answer["errors"][0]["message"])
        return elapsed, answer["data"]["project"]["trend"]["statistics"]


def _measure(client: Client, shape: str, query: Query, runs: int) -> Timing:
    client.ask(query)  # the first run reads from disk
    answers = [client.ask(query) for _ in range(runs)]
    statistics = answers[-1][1]
    kept = [client.ask(query, "CACHE_FIRST") for _ in range(runs)]
    return Timing(
        shape,
        http_ms=median(elapsed for elapsed, _ in answers),
        kept_ms=median(elapsed for elapsed, _ in kept),
        clickhouse_ms=median(found["elapsedMs"] for _, found in answers),
        rows=int(statistics["rowsRead"]),
        bytes=int(statistics["bytesRead"]),
    )
