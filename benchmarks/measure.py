"""One gateway, asked over HTTP; the same statements, asked of its ClickHouse alone."""

import asyncio
import socket
import time
from dataclasses import dataclass
from statistics import median

import httpx2

from asgi.app import create_app
from asgi.server import Server
from asgi.stores import open_stores
from benchmarks.shapes import SHAPES, Query
from settings import Settings

DOCUMENT = """
query Trend($query: TrendQueryInput!) {
  project(id: "1") {
    trend(query: $query) {
      days
      series { label data aggregatedValue }
      statistics { elapsedMs rowsRead bytesRead }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """Medians of one shape; `clickhouse_ms` is from a trend's first statement to its last row."""

    shape: str
    http_ms: float
    clickhouse_ms: float
    rows: int
    bytes: int


async def measure_shapes(settings: Settings, key: str, runs: int) -> list[Timing]:
    """Time every shape, over a real socket."""
    listener = socket.create_server(("127.0.0.1", 0))
    async with open_stores(settings) as stores:
        server = Server(create_app(settings, stores=stores), settings, on_start=lambda: None)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        headers = {"Authorization": f"Bearer {key}"}
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with httpx2.AsyncClient(base_url=base, headers=headers, timeout=120) as client:
            timings = [await _measure(client, shape, query, runs) for shape, query in SHAPES.items()]
        server.stop()
        await serving
    return timings


async def _measure(client: httpx2.AsyncClient, shape: str, query: Query, runs: int) -> Timing:
    await _ask(client, query)  # the first run reads from disk
    answers = [await _ask(client, query) for _ in range(runs)]
    statistics = answers[-1][1]
    return Timing(
        shape,
        http_ms=median(elapsed for elapsed, _ in answers),
        clickhouse_ms=median(found["elapsedMs"] for _, found in answers),
        rows=int(statistics["rowsRead"]),
        bytes=int(statistics["bytesRead"]),
    )


async def _ask(client: httpx2.AsyncClient, query: Query) -> tuple[float, dict[str, float]]:
    started = time.perf_counter()
    response = await client.post("/graphql", json={"query": DOCUMENT, "variables": {"query": query}})
    elapsed = (time.perf_counter() - started) * 1000
    answer = response.json()
    if "errors" in answer:
        raise RuntimeError(answer["errors"][0]["message"])
    return elapsed, answer["data"]["project"]["trend"]["statistics"]
