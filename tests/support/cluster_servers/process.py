"""One server: reads `config.xml` in the working folder, stores data in `data`, ends when its stdin closes."""

import os
import sys
import threading

from chdb import _chdb

_LISTEN = """
SYSTEM START LISTEN TCP;
SELECT sleepEachRow(3) FROM numbers(1000000)
SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0 FORMAT Null
"""


def _exit_at_eof() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_exit_at_eof, daemon=True).start()
    _chdb.query(_LISTEN, "TSV", path="data")  # type: ignore[attr-defined]  # its stub lacks it
