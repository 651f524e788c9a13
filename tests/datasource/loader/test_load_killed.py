import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.datasource.loader.load_files import event, write_lines

pytestmark = pytest.mark.slow

EVENTS = 400
MOMENTS = (
    "during:2:INSERT INTO events\n",
    "during:1:ALTER TABLE events_by_hour DELETE",  # in the repair that this makes necessary
    "before:1:INSERT INTO events_by_hour",  # in the repair again
    "before:3:INSERT INTO load_journal",  # repaired, then a batch was announced and stored, and not signed off
    "before:2:INSERT INTO event_properties",  # new persons have numbers and no events
)


def test_load_killed_at_any_statement_ends_exactly_right(tmp_path: Path) -> None:
    """The events of a batch lie in many months, so that ClickHouse writes many parts for one statement."""
    file = write_lines(
        tmp_path / "events.jsonl",
        (
            event(
                event=f"e{number % 3}",
                distinct_id=f"d{number * number % 101 if number < 300 else number}",
                timestamp=f"2024-{number % 12 + 1:02}-07T10:00:00Z",
                properties={"n": number},
            )
            for number in range(EVENTS)
        ),
    )
    distinct_ids = len(
        {line.split(b'"distinct_id":"')[1].split(b'"')[0] for line in file.read_bytes().splitlines()}
    )
    for moment in MOMENTS:
        status, printed = load(file, tmp_path / "events", moment)
        assert status == -signal.SIGKILL, moment
        assert "wrong" not in printed
    status, printed = load(file, tmp_path / "events")
    assert status == 0
    assert printed.splitlines() == [
        "right",
        f"done ({EVENTS}, {EVENTS}, {distinct_ids}, {distinct_ids}) right",
    ]


def load(file: Path, folder: Path, *moment: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "tests.datasource.loader.killed_load", str(folder), str(file), *moment]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=root, timeout=300, check=False)
    return done.returncode, done.stdout
