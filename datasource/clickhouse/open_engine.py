"""Opens the ClickHouse that the settings name."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

from datasource.clickhouse.address import ServerAddress
from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.engine import Engine
from datasource.clickhouse.fair_queue import QueueLimits
from errors import BadUserInput, ErrorCode, GatewayError
from settings import Settings

_PACKAGES: Final[Mapping[str | None, tuple[str, ...]]] = {
    None: ("clickhouse_driver",),
    "lz4": ("clickhouse_driver", "clickhouse_cityhash", "lz4"),
    "zstd": ("clickhouse_driver", "clickhouse_cityhash", "zstd"),
}
"""What each compression needs."""


def open_engine(settings: Settings) -> Engine:
    """The server of TRENDGATE_CLICKHOUSE_URL, or the embedded ClickHouse in the data folder.

    Raises BadUserInput for a URL that cannot be used, UPSTREAM_UNAVAILABLE when the embedded one cannot be opened
    or a package is missing. Whether a server answers is found out when it is asked.
    """
    if settings.clickhouse_url is None:
        refuse_embedded_cluster(settings)
        return EmbeddedEngine.open(
            settings.events_path, sessions=settings.query_concurrency, queue_limits=_queue_limits(settings)
        )
    address = ServerAddress.parse(settings.clickhouse_url.get_secret_value())
    if any(find_spec(package) is None for package in _PACKAGES[address.compression]):
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "What talks to a ClickHouse server is not installed.",
            hint="Install trendgate with the extra `clickhouse`.",
        )
    from datasource.clickhouse.connection import Timeouts
    from datasource.clickhouse.native_engine import NativeEngine

    return NativeEngine.open(
        address,
        connections=settings.query_concurrency,
        queue_limits=_queue_limits(settings),
        timeouts=Timeouts(settings.clickhouse_connect_timeout_s, settings.clickhouse_receive_timeout_s),
        cluster=settings.clickhouse_cluster,
    )


def refuse_embedded_cluster(settings: Settings) -> None:
    """Raises BadUserInput where a cluster is named, but no server of it."""
    if settings.clickhouse_url is None and settings.clickhouse_cluster is not None:
        raise BadUserInput(
            "A cluster is named, but the ClickHouse is the embedded one.",
            hint="Set TRENDGATE_CLICKHOUSE_URL to a server of the cluster, or name no cluster.",
        )


def _queue_limits(settings: Settings) -> QueueLimits:
    return QueueLimits(
        per_key=settings.query_concurrency_per_key,
        most_waiting=settings.query_queue,
        wait_s=settings.query_wait_s,
    )
