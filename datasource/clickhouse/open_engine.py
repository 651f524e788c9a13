"""The ClickHouse of the settings."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

from datasource.clickhouse.address import ServerAddress
from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.engine import Engine, Limits
from datasource.clickhouse.fair_queue import QueueLimits
from datasource.clickhouse.machine_memory import default_query_memory, machine_memory
from datasource.private_files import make_data_dir
from errors import BadUserInput, ErrorCode, GatewayError
from settings import Settings

_PACKAGES: Final[Mapping[str | None, tuple[str, ...]]] = {
    None: ("clickhouse_driver",),
    "lz4": ("clickhouse_driver", "clickhouse_cityhash", "lz4"),
    "zstd": ("clickhouse_driver", "clickhouse_cityhash", "zstd"),
}
"""The packages that each compression needs."""


def open_engine(settings: Settings) -> Engine:
    """Open the server of TRENDGATE_CLICKHOUSE_URL, or the embedded ClickHouse in the data folder.

    Raises BadUserInput for an invalid URL, and UPSTREAM_UNAVAILABLE when the embedded ClickHouse cannot be opened
    or a package is missing. A server is contacted only by the first statement.
    """
    if settings.clickhouse_url is None:
        check_cluster_has_server(settings)
        make_data_dir(settings.data_dir)
        return EmbeddedEngine.open(
            settings.events_path,
            sessions=settings.query_concurrency,
            queue_limits=_queue_limits(settings),
            total_memory=total_query_memory(settings),
        )
    address = ServerAddress.parse(settings.clickhouse_url.get_secret_value())
    if any(find_spec(package) is None for package in _PACKAGES[address.compression]):
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "The client for ClickHouse servers is not installed.",
            hint="Install trendgate with the extra `clickhouse`.",
        )
    from datasource.clickhouse.native_engine import NativeEngine
    from datasource.clickhouse.protocol import Timeouts

    return NativeEngine.open(
        address,
        connections=settings.query_concurrency,
        queue_limits=_queue_limits(settings),
        timeouts=Timeouts(settings.clickhouse_connect_timeout_s, settings.clickhouse_receive_timeout_s),
        cluster=settings.clickhouse_cluster,
    )


def query_limits(settings: Settings) -> Limits:
    """Return the limits of a client's query."""
    total = total_query_memory(settings)
    return Limits(
        seconds=settings.query_timeout_s,
        rows_to_read=settings.query_max_rows,
        memory_bytes=settings.query_max_memory if total is None else min(settings.query_max_memory, total),
        total_memory_bytes=total,
    )


def total_query_memory(settings: Settings) -> int | None:
    """Return the most bytes that all running queries together may use; None leaves it to the server."""
    if settings.query_total_memory is not None or settings.clickhouse_url is not None:
        return settings.query_total_memory
    return default_query_memory(machine_memory())


def check_cluster_has_server(settings: Settings) -> None:
    """Raise BadUserInput when a cluster is named without a server of it."""
    if settings.clickhouse_url is None and settings.clickhouse_cluster is not None:
        raise BadUserInput(
            "Cluster {cluster!r} needs a ClickHouse server, but TRENDGATE_CLICKHOUSE_URL is not set.",
            cluster=settings.clickhouse_cluster,
            hint="Set TRENDGATE_CLICKHOUSE_URL to a server of the cluster, or run without a cluster.",
        )


def _queue_limits(settings: Settings) -> QueueLimits:
    return QueueLimits(
        per_key=settings.query_concurrency_per_key,
        max_waiting=settings.query_queue,
        wait_s=settings.query_wait_s,
    )
