"""The command line, which interrupts its own load like Ctrl-C does: `python -m ... load ARGUMENTS`.

Every chunk of a file is a batch. SIGINT arrives while the third one is read, which is when the first one is stored
and the second one is being stored.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from commands import build_cli
from datasource.loader import load, read_jsonl
from datasource.loader.load import Chunk, FileFormat


def read_interrupted(path: Path) -> Iterator[Chunk]:
    for number, chunk in enumerate(read_jsonl.read_jsonl(path), 1):
        if number == 3:
            os.kill(os.getpid(), signal.SIGINT)
        yield chunk


if __name__ == "__main__":
    vars(read_jsonl)["CHUNK_BYTES"] = 10_000
    vars(load)["BATCH_ROWS"] = 1
    vars(load)["_READERS"] = {FileFormat.JSONL: read_interrupted}
    build_cli()()
