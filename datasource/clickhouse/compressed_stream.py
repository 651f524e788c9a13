"""Compressed result blocks. Importing this module needs clickhouse-cityhash."""

from clickhouse_driver.streams.compressed import CompressedBlockInputStream

from datasource.clickhouse.protocol import BlockReader


class CompressedBlockStream(BlockReader, CompressedBlockInputStream):  # type: ignore[misc]  # the driver is not typed
    """Blocks with compression."""
