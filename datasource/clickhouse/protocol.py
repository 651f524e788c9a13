"""clickhouse-driver's side of the native protocol, with our own columns and no reconnecting."""

from dataclasses import dataclass
from typing import Any, Final

from clickhouse_driver.block import BlockInfo
from clickhouse_driver.connection import Connection
from clickhouse_driver.reader import read_binary_bytes, read_binary_uint8
from clickhouse_driver.streams.native import BlockInputStream
from clickhouse_driver.varint import read_varint

from datasource.clickhouse.address import Host, ServerAddress
from datasource.clickhouse.columns import read_column

_CLIENT_SETTINGS: Final = {
    "insert_block_size": 1_048_576,
    "strings_as_bytes": False,
    "strings_encoding": "utf-8",
    "use_numpy": False,
    "opentelemetry_traceparent": None,
    "opentelemetry_tracestate": "",
    "quota_key": "",
    "input_format_null_as_default": False,
    "namedtuple_as_json": False,
    "server_side_params": True,
}
_PING_TIMEOUT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect to one host, and between two packets of a server that is running a statement."""

    connect_s: float = 3.0
    receive_s: float = 300.0


@dataclass(frozen=True, slots=True)
class ResultBlock:
    """Some rows of a result. A block without rows has names only."""

    names: tuple[str, ...]
    columns: tuple[list[object], ...]


class ProtocolConnection(Connection):  # type: ignore[misc]  # the driver is not typed
    """A connection to one host. Unlike the driver's, it connects only when opened, and once."""

    def __init__(self, address: ServerAddress, host: Host, peer: Host, timeouts: Timeouts) -> None:
        super().__init__(
            peer.name,
            peer.port,
            database=address.database,
            user=address.user,
            password=address.password,
            client_name="trendgate",
            connect_timeout=timeouts.connect_s,
            send_receive_timeout=timeouts.receive_s,
            sync_request_timeout=_PING_TIMEOUT_S,
            compression=address.compression or False,
            secure=address.is_secure,
            verify=True,
            ca_certs=str(address.ca_cert) if address.ca_cert else None,
            server_hostname=host.name,
            settings_is_important=True,
            tcp_keepalive=True,
        )
        self.context.settings = {}
        self.context.client_settings = _CLIENT_SETTINGS

    def open(self) -> None:
        """Connect. Raises OSError, EOFError or the driver's errors; logging them is up to the caller."""
        self._init_connection(*self.hosts[0])

    def set_traceparent(self, traceparent: str | None) -> None:
        """Set the span of the statements that follow, as W3C Trace Context writes it."""
        swapped = None if traceparent is None else _swap_halves(traceparent)
        self.context.client_settings = {**_CLIENT_SETTINGS, "opentelemetry_traceparent": swapped}

    def get_block_in_stream(self) -> Any:
        if not self.compression:
            return PlainBlockStream(self.fin, self.context)
        # Imported here, since it fails without the packages of the compression.
        from datasource.clickhouse.compressed_stream import CompressedBlockStream

        return CompressedBlockStream(self.fin, self.context)


class BlockReader:
    """Reads result blocks. Mixed into the driver's streams."""

    fin: Any
    context: Any
    has_rows = False
    """Whether any row of the current result has arrived."""

    def read(self, use_numpy: bool | None = None) -> ResultBlock:  # noqa: ARG002 - the driver's signature
        BlockInfo().read(self.fin)
        count, rows = read_varint(self.fin), read_varint(self.fin)
        self.has_rows = self.has_rows or bool(rows)
        names, columns = [], []
        for _ in range(count):
            names.append(read_binary_bytes(self.fin).decode("utf-8", "replace"))
            kind = read_binary_bytes(self.fin).decode()
            is_custom = bool(read_binary_uint8(self.fin))
            if rows:
                columns.append(read_column(self.context, kind, rows, self.fin, is_custom=is_custom))
        return ResultBlock(tuple(names), tuple(columns))


class PlainBlockStream(BlockReader, BlockInputStream):  # type: ignore[misc]  # the driver is not typed
    """Blocks without compression."""


def _swap_halves(traceparent: str) -> str:
    # The driver sends the second half of the trace id first, as servers before 22.2 expected it. Later ones
    # read a UUID, whose first half comes first.
    version, trace, *rest = traceparent.split("-")
    return "-".join((version, trace[16:] + trace[:16], *rest))
