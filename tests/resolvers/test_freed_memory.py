"""When the memory of large answers is given back, and that the operating system then has it."""

import subprocess
import sys

import pytest

from resolvers import worker
from resolvers.freed_memory import FreedMemory, find_trim
from resolvers.worker import LARGE, run_in_worker

_MEASURE = """
import re, threading
from pathlib import Path
from resolvers.freed_memory import FREED

def mib():
    return int(re.search("RssAnon:\\\\s+(\\\\d+)", Path("/proc/self/status").read_text())[1]) >> 10

def answer(kept):
    figures = [tuple(float(each) for each in range(700)) for _ in range(3_000)]
    kept.append(figures[::37])

kept = []
threads = [threading.Thread(target=answer, args=(kept,)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
before = mib()
FREED.give_back()
print(before, mib())
"""


class ManualClock:
    """A clock that stands still unless told otherwise."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def trims() -> list[float]:
    return []


@pytest.fixture
def freed(clock: ManualClock, trims: list[float]) -> FreedMemory:
    return FreedMemory(lambda: trims.append(clock()), clock)


def test_nothing_is_due_without_work(freed: FreedMemory, clock: ManualClock) -> None:
    clock.advance(100)
    assert not freed.is_due


def test_memory_is_given_back_once_after_the_last_work(
    freed: FreedMemory, clock: ManualClock, trims: list[float]
) -> None:
    freed.note_work()
    clock.advance(0.9)
    freed.note_work()
    clock.advance(0.9)
    assert not freed.is_due
    clock.advance(0.1)
    assert freed.is_due
    freed.give_back()
    assert len(trims) == 1
    assert not freed.is_due


def test_work_without_a_pause_does_not_defer_it_forever(freed: FreedMemory, clock: ManualClock) -> None:
    due = []
    for _ in range(8):
        freed.note_work()
        clock.advance(0.5)
        due.append(freed.is_due)
    assert due == [False] * 5 + [True] * 3


def test_it_is_never_due_where_the_c_library_has_no_such_function(clock: ManualClock) -> None:
    freed = FreedMemory(None, clock)
    freed.note_work()
    clock.advance(100)
    assert not freed.is_due


async def test_work_on_a_thread_counts_and_small_work_does_not(
    freed: FreedMemory, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FREED", freed)
    await run_in_worker(list, size=LARGE - 1)
    clock.advance(100)
    assert not freed.is_due
    await run_in_worker(list, size=LARGE)
    clock.advance(100)
    assert freed.is_due


@pytest.mark.skipif(find_trim() is None or sys.platform != "linux", reason="Only glibc keeps and trims memory.")
def test_a_process_becomes_smaller() -> None:
    """The C library keeps more than half of what several threads have freed, until told to give it back."""
    done = subprocess.run([sys.executable, "-c", _MEASURE], check=True, capture_output=True, text=True)
    before, after = map(int, done.stdout.split())
    assert after < before - 30
