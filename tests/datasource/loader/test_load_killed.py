import random
import subprocess
import sys
import time
from pathlib import Path

from tests.datasource.loader.loads import event, write_lines

EVENTS = 500
KILLS = 3


def test_load_killed_at_any_moment_ends_exactly_right(tmp_path: Path) -> None:
    """The events of a batch lie in many months: most of its time goes into writing their parts.

    More of them would be kinder to chance, but each costs a repair 0.1 s.
    """
    chance = random.Random(20)  # noqa: S311 - only moments are drawn
    file = write_lines(
        tmp_path / "events.jsonl",
        (
            event(
                event=f"e{chance.randrange(3)}",
                distinct_id=f"d{chance.randrange(700)}",
                timestamp=f"{chance.randrange(1990, 1995)}-{chance.randrange(1, 13):02}-07T10:00:00Z",
                properties={"n": number},
            )
            for number in range(EVENTS)
        ),
    )
    distinct_ids = len(
        {line.split(b'"distinct_id":"')[1].split(b'"')[0] for line in file.read_bytes().splitlines()}
    )
    for _ in range(KILLS):
        kill_after(file, tmp_path / "events", batches=chance.randrange(1, 3), seconds=chance.random() / 2)
    *_, last = start(file, tmp_path / "events").communicate(timeout=300)[0].splitlines()
    assert last == f"done ({EVENTS}, {EVENTS}, {distinct_ids}, {distinct_ids}) right"


def kill_after(file: Path, folder: Path, *, batches: int, seconds: float) -> None:
    with start(file, folder) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "right"
        for _ in range(batches):
            process.stdout.readline()
        time.sleep(seconds)
        process.kill()


def start(file: Path, folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.datasource.loader.killed_load", str(folder), str(file)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
