"""Statements of a load that carry encoded rows, and the versions of those rows."""

import time
from collections.abc import Mapping, Sequence
from typing import Final

from datasource.clickhouse.engine import Engine, Limits, ParamValue, QueryResult
from datasource.clickhouse.native_format import NativeBlock
from datasource.tables.steps import JSON_INSERT_SETTINGS

LOADING: Final = Limits(seconds=600.0, rows_to_read=2**60, result_rows=1_000_000)
"""Limits of the queries that a load makes, which no client waits for."""


async def insert_blocks(
    engine: Engine, text: str, blocks: Sequence[NativeBlock], params: Mapping[str, ParamValue]
) -> None:
    """Run an INSERT ... SELECT whose table `{block}` holds the rows of all blocks."""
    # One block may touch more months than ClickHouse allows by default.
    settings = f"SETTINGS max_partitions_per_insert_block = 0, {JSON_INSERT_SETTINGS}"
    await engine.command(f"{text} {settings}", params, blocks=blocks)


async def query_blocks(
    engine: Engine, text: str, blocks: Sequence[NativeBlock], params: Mapping[str, ParamValue]
) -> QueryResult:
    """Run a query whose table `{block}` holds the rows of all blocks."""
    return await engine.query(text, params, limits=LOADING, blocks=blocks)


class VersionClock:
    """Versions of rows, of which the newest wins: microseconds since 1970, each greater than the one before."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        self._last = max(time.time_ns() // 1000, self._last + 1)
        return self._last
