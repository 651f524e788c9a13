"""A load in many small batches, to be killed at any moment: `python -m ... DATA_FOLDER FILE`.

Starts like a server: tables, repair. Says `right` or `wrong` about the roll-up it finds, then one line a batch,
and at last `done`.
"""

import asyncio
import sys
from pathlib import Path

from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.loader import load, read_jsonl
from datasource.tables.migrate import migrate
from tests.datasource.loader.loads import counted, rolled_up

PROJECT = 1


async def run(folder: Path, file: Path) -> None:
    engine = EmbeddedEngine.open(folder)
    await migrate(engine)
    await load.repair(engine)
    say("right" if await rolled_up(engine, PROJECT) == await counted(engine, PROJECT) else "wrong")
    with load.RejectsFile(folder.parent / "rejects.jsonl") as rejects:
        job = load.Job(rejects, progress=lambda report: say(f"{report.rows}"))
        await load.load_file(engine, PROJECT, file, job, type_index=no_group_type)
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
    vars(read_jsonl)["CHUNK_BYTES"] = 20_000
    vars(load)["BATCH_ROWS"] = 100
    asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2])))
