"""A load in small batches that kills its own process: `python -m ... DATA_FOLDER FILE [MOMENT]`.

Starts like a server: tables, repair. Prints `right` or `wrong` for the roll-up it finds, and at the end `done`.
A moment is `before:NUMBER:TEXT` or `during:NUMBER:TEXT`, about the statement that is the NUMBERth to contain TEXT.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.engine import ParamValue
from datasource.clickhouse.native_format import NativeBlock
from datasource.loader import load, read_jsonl
from datasource.tables.migrate import migrate
from tests.datasource.loader.load_files import counted, rolled_up

PROJECT = 1


class KilledEngine(EmbeddedEngine):
    """The embedded engine, which dies at a moment."""

    folder: Path
    moment: str = "never:0:"
    seen: int = 0

    async def command(
        self, text: str, params: Mapping[str, ParamValue] | None = None, *, blocks: Sequence[NativeBlock] = ()
    ) -> None:
        when, number, part = self.moment.split(":")
        self.seen += when != "never" and part in text
        is_now = self.seen == int(number)
        if is_now and when == "before":
            die()
        if is_now and when == "during":
            threading.Thread(target=die_at_a_new_part, args=(self.folder,), daemon=True).start()
        await super().command(text, params, blocks=blocks)
        if is_now and when == "during":
            die()  # it was faster than the thread


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_a_new_part(folder: Path) -> None:
    """Die as soon as the statement has begun to write a part of a table."""
    parts = "store/*/*/*_*_*_*"
    before = set(folder.glob(parts))
    while set(folder.glob(parts)) <= before:
        pass
    die()


async def run(folder: Path, file: Path, moment: str | None) -> None:
    engine = KilledEngine.open(folder)
    await migrate(engine)
    engine.folder, engine.moment = folder, moment or engine.moment
    await load.repair(engine)
    say("right" if await rolled_up(engine, PROJECT) == await counted(engine, PROJECT) else "wrong")
    with load.RejectsFile(folder.parent / "rejects.jsonl") as rejects:
        await load.load_file(engine, PROJECT, file, load.LoadJob(rejects), type_index=no_group_type)
    (row,) = (
        await engine.query("SELECT count(), uniqExact(uuid), uniqExact(person_no), max(person_no) FROM events", {})
    ).rows()
    is_right = await rolled_up(engine, PROJECT) == await counted(engine, PROJECT)
    await engine.close()
    say(f"done {row} {'right' if is_right else 'wrong'}")


async def no_group_type(name: str) -> int | None:
    raise AssertionError(name)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    vars(read_jsonl)["CHUNK_BYTES"] = 2_000
    vars(load)["BATCH_ROWS"] = 100
    asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None))
