"""Hands ready columns to ClickHouse."""

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio.to_thread

from datasource.clickhouse.engine import Engine, ParamValue, QueryResult
from datasource.events.loading.limits import LOADING
from datasource.events.loading.native import NativeBlock
from datasource.events.schema import JSON_INSERT_SETTINGS

_SOURCE: Final = "file({block_file:String}, 'Native', {block_structure:String})"


async def insert_blocks(
    engine: Engine, text: str, blocks: Sequence[NativeBlock], params: Mapping[str, ParamValue]
) -> None:
    """Run `text`, an insert that selects from the table name `{block}`, which holds the rows of all blocks."""
    async with _block_file(blocks) as source:
        await engine.command(
            # One block may touch more months than ClickHouse lets pass by default.
            f"{text.replace('{block}', _SOURCE)} SETTINGS max_partitions_per_insert_block = 0, "
            f"{JSON_INSERT_SETTINGS}",
            {**params, **source},
        )


async def query_blocks(
    engine: Engine, text: str, blocks: Sequence[NativeBlock], params: Mapping[str, ParamValue]
) -> QueryResult:
    """Run `text`, a query that reads the table name `{block}`, which holds the rows of all blocks."""
    async with _block_file(blocks) as source:
        return await engine.query(text.replace("{block}", _SOURCE), {**params, **source}, limits=LOADING)


@asynccontextmanager
async def _block_file(blocks: Sequence[NativeBlock]) -> AsyncIterator[dict[str, ParamValue]]:
    with tempfile.NamedTemporaryFile(suffix=".native") as file:
        await anyio.to_thread.run_sync(_write, Path(file.name), blocks)
        yield {"block_file": file.name, "block_structure": blocks[0].structure}


def _write(path: Path, blocks: Sequence[NativeBlock]) -> None:
    with path.open("wb") as file:
        for block in blocks:
            file.writelines(block.encode())
