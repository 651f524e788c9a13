"""Blocks that come compressed; kept apart, because importing the driver's part of it needs further packages."""

from clickhouse_driver.streams.compressed import CompressedBlockInputStream

from datasource.clickhouse.wire import AnswerBlocks


class CompressedBlocks(AnswerBlocks, CompressedBlockInputStream):  # type: ignore[misc]  # the driver is not typed
    """See PlainBlocks."""
