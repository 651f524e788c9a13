"""What happens to slow readers when the memory of the process is short."""

import time

from asgi.sockets.memory import MemoryWatch, own_memory
from tests.asgi.sockets.conftest import LARGE, Serve

MIB = 1024**2


def test_a_process_may_take_three_quarters_of_its_part_of_the_memory() -> None:
    def is_short(own: int, processes: int) -> bool:
        return MemoryWatch(processes, total=lambda: 1024 * MIB, own=lambda: own * MIB).is_short

    assert [is_short(768, 1), is_short(769, 1)] == [False, True]
    assert [is_short(384, 2), is_short(385, 2)] == [False, True]


def test_memory_of_the_process_grows_with_what_it_holds() -> None:
    before = own_memory()
    held = bytearray(b"x") * (64 * MIB)
    assert 50 * MIB < own_memory() - before < 200 * MIB, len(held)


def test_short_memory_closes_those_who_do_not_read(serve: Serve) -> None:
    with serve(send_timeout_s=60) as running:
        slow = running.connect(buffer=4096)
        slow.get("/large")
        running.wait_for(connections=1)
        waiting = running.connect()
        waiting.get("/wait")
        running.wait_for(connections=2)
        running.server.memory = MemoryWatch(1, total=lambda: MIB)
        running.wait_for(connections=1)
        assert len(slow.read_to_end()) < LARGE
        running.release.set()
        assert waiting.read_answer().endswith(b"done")


def test_short_memory_closes_nobody_who_reads(serve: Serve) -> None:
    with serve(send_timeout_s=60) as running:
        running.server.memory = MemoryWatch(1, total=lambda: MIB)
        client = running.connect()
        client.get("/large")
        answer = b""
        while part := client.read(4 * MIB):
            answer += part
            if len(answer) > LARGE:
                break
            time.sleep(0.02)
        assert len(answer) > LARGE


def test_enough_memory_closes_no_slow_reader(serve: Serve) -> None:
    with serve(send_timeout_s=60) as running:
        running.server.memory = MemoryWatch(1, total=lambda: 2**60)
        slow = running.connect(buffer=4096)
        slow.get("/large")
        running.wait_for(connections=1)
        time.sleep(1.5)
        running.wait_for(connections=1)
