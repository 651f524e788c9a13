"""Loads synthetic events once and times trends over HTTP and in ClickHouse: `make bench EVENTS=1000000`."""

import argparse
import asyncio
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Timing, measure_shapes
from settings import Settings

ROOT = Path(__file__).parent.parent
PROJECT = "Benchmark"
OWNER = "bench@trendgate.example"


def main() -> None:
    """Print the loading rate, then a table of the timings."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="how many events to load")
    parser.add_argument("--runs", type=int, default=7, help="runs of each trend; the median is printed")
    arguments = parser.parse_args()
    folder = ROOT / ".trendgate" / f"bench-{arguments.events}"
    key = prepare(folder, arguments.events)
    timings = asyncio.run(measure_shapes(Settings(data_dir=folder, port=0), key, arguments.runs))
    Console(width=130).print(tabulated(timings, arguments.events))


def prepare(folder: Path, count: int) -> str:
    """Load the events unless the folder has them; answer an API key for them."""
    key_file = folder / "key"
    if key_file.exists():
        return key_file.read_text()
    folder.mkdir(parents=True, exist_ok=True)
    events = folder / "events.jsonl"
    print(f"Writing {count:,} events to {events} ...", flush=True)
    subprocess.run([sys.executable, "-m", "benchmarks.events", events, str(count)], check=True, cwd=ROOT)
    run_command(folder, "project", "create", PROJECT)
    run_command(folder, "member", "add", OWNER, "--level", "owner")
    print(run_command(folder, "load", "--project", "1", str(events)).strip().splitlines()[-1], flush=True)
    events.unlink()
    made = run_command(folder, "key", "create", "--member", OWNER, "--label", "bench", "--scope", "*")
    key = next(word for word in made.split() if word.startswith("phx_"))
    key_file.write_text(key)
    return key


def run_command(folder: Path, *arguments: str) -> str:
    """What a command of the gateway prints, run on the folder."""
    environment = {**os.environ, "TRENDGATE_DATA_DIR": str(folder)}
    command = [sys.executable, "server.py", *arguments]
    return subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True).stdout


def tabulated(timings: list[Timing], count: int) -> Table:
    """The timings as a table, milliseconds and megabytes."""
    table = Table(title=f"{count:,} events of 25 properties; medians", title_justify="left")
    for column in ("trend", "HTTP ms", "cached ms", "healthz ms", "ClickHouse ms", "rows read", "MB read"):
        table.add_column(column, justify="left" if column == "trend" else "right", no_wrap=True)
    for timing in timings:
        values = (
            f"{timing.http_ms:.1f}",
            f"{timing.cached_ms:.1f}",
            f"{timing.health_ms:.1f}",
            f"{timing.clickhouse_ms:.1f}",
            f"{timing.rows:,}",
            f"{timing.bytes / 1e6:.1f}",
        )
        table.add_row(timing.shape, *values)
    return table


if __name__ == "__main__":
    main()
