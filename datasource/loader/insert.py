"""Hands ready columns to ClickHouse."""

from collections.abc import Mapping, Sequence
from typing import Final

from datasource.clickhouse.engine import Engine, Limits, ParamValue, QueryResult
from datasource.clickhouse.native_format import NativeBlock
from datasource.tables.steps import JSON_INSERT_SETTINGS

LOADING: Final = Limits(seconds=600.0, rows_to_read=2**60, result_rows=1_000_000)


async def insert_blocks(
    engine: Engine, text: str, blocks: Sequence[NativeBlock], params: Mapping[str, ParamValue]
) -> None:
    """Run `text`, an insert that selects from the table name `{block}`, which holds the rows of all blocks."""
    # One block may touch more months than ClickHouse lets pass by default.
    settings = f"SETTINGS max_partitions_per_insert_block = 0, {JSON_INSERT_SETTINGS}"
    await engine.command(f"{text} {settings}", params, blocks=blocks)


async def query_blocks(
    engine: Engine, text: str, blocks: Sequence[NativeBlock], params: Mapping[str, ParamValue]
) -> QueryResult:
    """Run `text`, a query that reads the table name `{block}`, which holds the rows of all blocks."""
    return await engine.query(text, params, limits=LOADING, blocks=blocks)
