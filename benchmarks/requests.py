"""Measures what a request costs the gateway itself, beside apps that do nothing: `python -m benchmarks.requests`.

The CPU time of the server process is read from /proc, so this runs on Linux only.
"""

import argparse
import asyncio
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from benchmarks.__main__ import ROOT, prepare
from commands.bind import bind

QUARTER = {"dateFrom": "2024-01-01", "dateTo": "2024-04-04"}
WEEK = {"dateFrom": "2024-03-28", "dateTo": "2024-04-04"}
TREND = """query ($query: TrendQueryInput!, $refresh: TrendRefresh! = CACHE_FIRST) {
  project(id: "1") { trend(query: $query, refresh: $refresh) { days series { label data } } } }"""
DASHBOARD = [
    {"events": [{"event": name}], **dates, **breakdown}
    for name in ("$pageview", "sign up", "paid")
    for dates in (WEEK, QUARTER)
    for breakdown in ({}, {"breakdown": ["$browser"]})
]
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Call:
    """A request body, and on which server it is sent."""

    name: str
    server: str
    body: bytes


def call(name: str, server: str, document: str, **variables: object) -> Call:
    return Call(name, server, json.dumps({"query": document, "variables": variables}).encode())


BY_BROWSER = {"events": [{"event": "$pageview"}], "breakdown": ["$pathname"], "breakdownLimit": 24, **QUARTER}
CALLS = [
    call("bare Strawberry, { hello }", "graphql", "{ hello }"),
    call("bare Starlette, the bytes of 25 x 95 values", "rest", ""),
    call("{ __typename }", "gateway", "{ __typename }"),
    call("project { name }", "gateway", '{ project(id: "1") { name } }'),
    call("cached trend, 1 x 8 values", "gateway", TREND, query=DASHBOARD[0]),
    call("cached trend, 25 x 95 values", "gateway", TREND, query=BY_BROWSER),
]


def main() -> None:
    """Print the CPU time of each request, then the throughput of a dashboard."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.requests", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, help="how many events to load")
    parser.add_argument("--requests", type=int, default=300, help="requests of each kind in a run")
    parser.add_argument("--runs", type=int, default=7, help="runs of each kind; the median is printed")
    parser.add_argument("--clients", type=int, default=200, help="clients of the dashboard")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long the dashboard is used")
    arguments = parser.parse_args()
    folder = ROOT / ".trendgate" / f"bench-{arguments.events}"
    key = prepare(folder, arguments.events)
    with gateway(folder) as server:
        answer = folder / "answer.json"
        answer.write_bytes(server.send(CALLS[-1].body, key))
        with bare_app("graphql") as graphql, bare_app("rest", answer) as rest:
            servers = {"gateway": server, "graphql": graphql, "rest": rest}
            costs = measure_costs(servers, key, arguments.requests, arguments.runs)
        Console(width=100).print(tabulated(costs))
        print(asyncio.run(use_dashboard(server.port, key, arguments.clients, arguments.seconds)))


@dataclass(frozen=True, slots=True)
class ServerProcess:
    process: subprocess.Popen[bytes]
    port: int

    def cpu_s(self) -> float:
        """Seconds of CPU that the process has used, in user and kernel mode."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def send(self, body: bytes, key: str, *, times: int = 1) -> bytes:
        """Send the request over one connection, return the last body. Raises RuntimeError for an error."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        answer = b""
        for _ in range(times):
            connection.request("POST", "/graphql", body, headers)
            answer = connection.getresponse().read()
        connection.close()
        if b'"errors"' in answer:
            raise RuntimeError(answer[:500].decode())
        return answer


def gateway(folder: Path) -> AbstractContextManager[ServerProcess]:
    return served([sys.executable, "server.py", "serve", "--port"], {"TRENDGATE_DATA_DIR": str(folder)})


def bare_app(name: str, answer: Path | None = None) -> AbstractContextManager[ServerProcess]:
    app = f"benchmarks.bare_apps:{name}"
    options = ["--no-access-log", "--log-level", "error", *(["--factory"] if answer else [])]
    return served([sys.executable, "-m", "uvicorn", app, *options, "--port"], {"BENCHMARK_ANSWER": str(answer)})


@contextmanager
def served(command: list[str], environment: dict[str, str]) -> Iterator[ServerProcess]:
    """Run a server on a free port, which is the last argument of the command."""
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [*command, str(port)], cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    )
    try:
        while not _listens(port):
            if process.poll() is not None:
                raise RuntimeError(f"{command[1:3]} ended with status {process.returncode}")
            time.sleep(0.05)
        yield ServerProcess(process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def measure_costs(servers: Mapping[str, ServerProcess], key: str, requests: int, runs: int) -> dict[str, float]:
    """Return the milliseconds of CPU per request of each call; runs of all calls alternate."""
    costs: dict[str, list[float]] = {each.name: [] for each in CALLS}
    for each in CALLS:
        servers[each.server].send(each.body, key, times=20)
    for _ in range(runs):
        for each in CALLS:
            server = servers[each.server]
            before = server.cpu_s()
            server.send(each.body, key, times=requests)
            costs[each.name].append((server.cpu_s() - before) / requests * 1000)
    return {name: median(measured) for name, measured in costs.items()}


async def use_dashboard(port: int, key: str, clients: int, seconds: float) -> str:
    """Let clients that wait for no one send the trends of a dashboard; one in twenty is computed again."""
    until = time.perf_counter() + seconds
    waits = [
        each
        for found in await asyncio.gather(
            *(_use(port, key, until, random.Random(number)) for number in range(clients))
        )
        for each in found
    ]
    cuts = quantiles(waits, n=100)
    return (
        f"dashboard, {clients} clients, 95 % cached: {len(waits) / seconds:,.0f} requests a second, "
        f"median {cuts[49]:.0f} ms, 99 % within {cuts[98]:.0f} ms"
    )


async def _use(port: int, key: str, until: float, choice: random.Random) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    waits = []
    while (started := time.perf_counter()) < until:
        refresh = "FORCE" if choice.random() < 0.05 else "CACHE_FIRST"
        body = json.dumps({"query": TREND, "variables": {"query": choice.choice(DASHBOARD), "refresh": refresh}})
        head = f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write((head + body).encode())
        response = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", response)
        answer = await reader.readexactly(int(length[1])) if length else b""
        if not response.startswith(b"HTTP/1.1 200") or b'"errors"' in answer:
            raise RuntimeError((response + answer[:500]).decode())
        waits.append((time.perf_counter() - started) * 1000)
    writer.close()
    return waits


def tabulated(costs: Mapping[str, float]) -> Table:
    """The costs as a table, with their multiples of the two bare apps."""
    hello, route = (costs[each.name] for each in CALLS[:2])
    table = Table(title="CPU of the server process per request", title_justify="left")
    for column in ("request", "ms", "of { hello }", "of the bare route"):
        table.add_column(column, justify="left" if column == "request" else "right", no_wrap=True)
    for name, cost in costs.items():
        table.add_row(name, f"{cost:.2f}", f"{cost / hello:.1f}", f"{cost / route:.1f}")
    return table


if __name__ == "__main__":
    main()
