"""Times one gateway over HTTP, and the part of its ClickHouse."""

import asyncio
import json
import socket
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median
from threading import Event, Thread

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
    """Medians of one shape in milliseconds.

    `http_ms` and `cached_ms` are whole exchanges, computed and cached. `health_ms` is the longest that `/healthz`
    waited during a cached one: how long the event loop was held. `clickhouse_ms` is from the first statement to
    the last row.
    """

    shape: str
    http_ms: float
    cached_ms: float
    health_ms: float
    clickhouse_ms: float
    rows: int
    bytes: int


async def measure_shapes(settings: Settings, key: str, runs: int) -> list[Timing]:
    """Time every shape, over a real socket and from a separate thread."""
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


@dataclass(frozen=True, slots=True)
class Exchange:
    elapsed_ms: float
    body: bytes

    def statistics(self) -> dict[str, float]:
        """Return the trend's statistics. Raises RuntimeError for an error response."""
        response = json.loads(self.body)
        if "errors" in response:
            raise RuntimeError(response["errors"][0]["message"])
        statistics: dict[str, float] = response["data"]["project"]["trend"]["statistics"]
        return statistics


class Client:
    """One persistent connection, like that of a frontend."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def run(self, query: Query, refresh: str = "FORCE") -> Exchange:
        body = json.dumps({"query": DOCUMENT, "variables": {"query": query, "refresh": refresh}})
        started = time.perf_counter()
        self._connection.request("POST", "/graphql", body, self._headers)
        received = self._connection.getresponse().read()
        return Exchange((time.perf_counter() - started) * 1000, received)

    def run_cached(self, query: Query) -> tuple[float, float]:
        """Return the milliseconds of a cached exchange, and the longest that /healthz waited meanwhile."""
        waits: list[float] = []
        is_over = Event()
        polling = Thread(target=self._poll_health, args=(waits, is_over))
        polling.start()
        while not waits:
            time.sleep(0.001)
        exchange = self.run(query, "CACHE_FIRST")
        is_over.set()
        polling.join()
        return exchange.elapsed_ms, max(waits[1:])

    def _poll_health(self, waits: list[float], is_over: Event) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=120)
        while not (is_over.is_set() and len(waits) > 1):
            started = time.perf_counter()
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            waits.append((time.perf_counter() - started) * 1000)
        connection.close()


def _measure(client: Client, shape: str, query: Query, runs: int) -> Timing:
    client.run(query)  # the first run reads from disk
    computed = [client.run(query) for _ in range(runs)]
    statistics = [exchange.statistics() for exchange in computed]
    cached = [client.run_cached(query) for _ in range(runs)]
    return Timing(
        shape,
        http_ms=median(exchange.elapsed_ms for exchange in computed),
        cached_ms=median(elapsed for elapsed, _ in cached),
        health_ms=median(wait for _, wait in cached),
        clickhouse_ms=median(each["elapsedMs"] for each in statistics),
        rows=int(statistics[-1]["rowsRead"]),
        bytes=int(statistics[-1]["bytesRead"]),
    )
