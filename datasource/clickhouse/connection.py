"""One connection of clickhouse-driver to one server."""

import logging
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from clickhouse_driver import errors
from clickhouse_driver.block import BlockInfo, RowOrientedBlock
from clickhouse_driver.connection import Connection
from clickhouse_driver.protocol import ClientPacketTypes, ServerPacketTypes
from clickhouse_driver.reader import read_binary_bytes, read_binary_uint8
from clickhouse_driver.streams.compressed import CompressedBlockInputStream
from clickhouse_driver.streams.native import BlockInputStream
from clickhouse_driver.varint import read_varint, write_varint
from clickhouse_driver.writer import write_binary_str

from datasource.clickhouse.address import Host, ServerAddress
from datasource.clickhouse.columns import read_column
from datasource.clickhouse.engine import Limits, ParamValue, Progress, ProgressListener
from datasource.clickhouse.errors import LATER, ClickHouseError, translate
from datasource.clickhouse.native_format import NativeBlock
from datasource.clickhouse.parameters import encode_param
from errors import ErrorCode, GatewayError, LimitExceeded

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
    """Seconds: to connect to one host, and between two signs of life of a server at work."""

    connect_s: float = 3.0
    receive_s: float = 300.0


@dataclass(frozen=True, slots=True)
class AnswerBlock:
    """Some rows of an answer; one without rows has names only."""

    names: tuple[str, ...]
    columns: tuple[list[object], ...]


class Wire(Connection):  # type: ignore[misc]  # the driver is not typed
    """A connection to one host. Unlike the driver's, it never connects on its own account."""

    def __init__(
        self,
        address: ServerAddress,
        host: Host,
        peer: Host,
        timeouts: Timeouts,
    ) -> None:
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
        """Connect once. Raises OSError, EOFError or the driver's errors, and leaves the log to its caller."""
        self._init_connection(*self.hosts[0])

    def trace(self, traceparent: str | None) -> None:
        """Let what is sent from now on belong to that span, given as W3C Trace Context writes it."""
        sent = None if traceparent is None else _swap_halves(traceparent)
        self.context.client_settings = {**_CLIENT_SETTINGS, "opentelemetry_traceparent": sent}

    def get_block_in_stream(self) -> Any:
        """See the driver."""
        if not self.compression:
            return PlainBlocks(self.fin, self.context)
        # Only here: it needs the packages of the compression.
        from datasource.clickhouse.connection import CompressedBlocks

        return CompressedBlocks(self.fin, self.context)


def _swap_halves(traceparent: str) -> str:
    # The driver sends the second half of a trace's id first, as servers before 22.2 wanted it. Later ones read a
    # UUID, whose first half comes first.
    version, trace, *rest = traceparent.split("-")
    return "-".join((version, trace[16:] + trace[:16], *rest))


class AnswerBlocks:
    """Reads blocks; mixed into the driver's streams."""

    fin: Any
    context: Any
    has_begun = False
    """Whether any row was on its way."""

    def read(self, use_numpy: bool | None = None) -> AnswerBlock:  # noqa: ARG002 - the driver's signature
        """The next block."""
        BlockInfo().read(self.fin)
        count, rows = read_varint(self.fin), read_varint(self.fin)
        self.has_begun = self.has_begun or bool(rows)
        names, columns = [], []
        for _ in range(count):
            names.append(read_binary_bytes(self.fin).decode("utf-8", "replace"))
            kind = read_binary_bytes(self.fin).decode()
            is_custom = bool(read_binary_uint8(self.fin))
            if rows:
                columns.append(read_column(self.context, kind, rows, self.fin, is_custom=is_custom))
        return AnswerBlock(tuple(names), tuple(columns))


class PlainBlocks(AnswerBlocks, BlockInputStream):  # type: ignore[misc]  # the driver is not typed
    """Blocks that came as they are."""


logger = logging.getLogger("trendgate.clickhouse")

BLOCK_TABLE: Final = "_trendgate_block"
"""The name under which a server finds the blocks that come with a query."""

_MIN_REVISION: Final = 54459  # parameters that the server binds


@dataclass(frozen=True, slots=True)
class NativeRequest:
    """One statement with everything that goes with it. `on_progress` is called on the thread that asks."""

    text: str
    params: Mapping[str, ParamValue]
    settings: Mapping[str, int | float | str]
    blocks: Sequence[NativeBlock]
    traceparent: str | None = None
    """The span that it belongs to, as W3C Trace Context writes it."""
    on_progress: ProgressListener | None = None
    limits: Limits | None = None


@dataclass(slots=True)
class NativeResponse:
    """What the server answered; for a statement that answers nothing, no columns."""

    names: tuple[str, ...] = ()
    columns: list[list[object]] = field(default_factory=list)
    rows_read: int = 0
    total_rows: int = 0
    bytes_read: int = 0
    query_id: str = ""

    @property
    def progress(self) -> Progress:
        """How far the server was when it said so last."""
        return Progress(self.rows_read, self.total_rows or None, self.bytes_read)


@dataclass(frozen=True, slots=True)
class WaitStage:
    """What a server was to give, "connection" or "answer", and the seconds that it may be silent meanwhile."""

    what: str
    seconds: float


class ServerConnection:
    """Open from the start, used by one thread at a time; `abort` and `peer` are for others."""

    def __init__(
        self, address: ServerAddress, host: Host, timeouts: Timeouts, *, peer: Host | None = None
    ) -> None:
        """Connect, to `peer` instead of looking up the host's name if it is given."""
        self.host = host
        self._wire = Wire(address, host, peer or host, timeouts)
        try:
            self._wire.open()
            if self._wire.server_info.used_revision < _MIN_REVISION:
                raise errors.ServerException("the server is too old", errors.ErrorCodes.SERVER_REVISION_IS_TOO_OLD)
        except BaseException:
            self.close()
            raise
        self._blocks = self._wire.block_in
        self.peer = _peer_of(self._wire.socket, host)
        self._used_at = time.monotonic()

    @property
    def idle_s(self) -> float:
        """Seconds since it was used last."""
        return time.monotonic() - self._used_at

    @property
    def has_begun(self) -> bool:
        """Whether rows of the last answer had arrived, or were about to."""
        return bool(self._blocks.has_begun)

    def rest(self) -> None:
        """Note that its use ends now."""
        self._used_at = time.monotonic()

    def answers(self) -> bool:
        """Whether the server is still there."""
        try:
            return bool(self._wire.ping())
        except errors.Error:
            return False

    def run(self, question: NativeRequest, query_id: str) -> NativeResponse:
        """Ask and read the whole answer. Raises the driver's errors; the connection is of no use after one."""
        self._blocks.has_begun = False
        self._send(question, query_id)
        reply = NativeResponse(query_id=query_id)
        while (packet := self._wire.receive_packet()).type != ServerPacketTypes.END_OF_STREAM:
            if packet.type == ServerPacketTypes.EXCEPTION:
                raise packet.exception
            if packet.type == ServerPacketTypes.PROGRESS:
                _add_progress(packet.progress, reply)
                if question.on_progress is not None:
                    question.on_progress(reply.progress)
            elif packet.type == ServerPacketTypes.DATA:
                self._add(packet.block, reply)
        return reply

    def abort(self) -> None:
        """Cut the connection, so that whoever reads from it stops waiting."""
        connected = self._wire.socket
        if connected is not None:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Free the socket."""
        self._wire.disconnect()

    def _send(self, question: NativeRequest, query_id: str) -> None:
        text = question.text.replace("{block}", BLOCK_TABLE) if question.blocks else question.text
        self._wire.context.settings = dict(question.settings)
        self._wire.trace(question.traceparent)
        self._wire.send_query(text, query_id, {name: _Bound(value) for name, value in question.params.items()})
        for block in question.blocks:
            write_varint(ClientPacketTypes.DATA, self._wire.fout)
            write_binary_str(BLOCK_TABLE, self._wire.fout)
            for piece in block.encode_for_server():
                self._wire.block_out.fout.write(piece)
            self._wire.block_out.finalize()
        self._wire.send_data(RowOrientedBlock())

    def _add(self, block: object, reply: NativeResponse) -> None:
        names, columns = block.names, block.columns  # type: ignore[attr-defined]  # see wire.py
        reply.names = reply.names or tuple(names)
        if not columns:
            return
        if reply.columns:
            for known, more in zip(reply.columns, columns, strict=True):
                known.extend(more)
        else:
            reply.columns = [list(column) for column in columns]


def _add_progress(since_the_last: Any, reply: NativeResponse) -> None:
    reply.rows_read += since_the_last.rows
    reply.total_rows += since_the_last.total_rows
    reply.bytes_read += since_the_last.bytes


class _Bound:
    """A parameter in our encoding, which the driver only puts in quotation marks."""

    def __init__(self, value: ParamValue) -> None:
        self._text = encode_param(value).replace("\\", "\\\\").replace("'", "\\'")

    def __str__(self) -> str:
        return self._text


def is_lost(failure: BaseException) -> bool:
    """Whether it is the connection that failed, and not what was asked."""
    return isinstance(failure, errors.NetworkError | errors.SocketTimeoutError | OSError | EOFError)


def is_silence(failure: BaseException) -> bool:
    """Whether nothing was heard for too long."""
    return isinstance(failure, errors.SocketTimeoutError | TimeoutError)


def explain(failure: Exception, wait: WaitStage, limits: Limits | None = None) -> GatewayError | ClickHouseError:
    """The gateway's error for one of the driver's, without saying where it happened; see `note_loss`."""
    if isinstance(failure, errors.ServerException):
        return translate(f"Code: {failure.code}. {failure.message.partition('. Stack trace:')[0]}", limits)
    if is_silence(failure):
        return LimitExceeded(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            f"ClickHouse gave no {wait.what} within {wait.seconds:g} seconds.",
            limit=wait.seconds,
            actual=None,
            unit="seconds",
            hint=LATER,
            details={"waitedFor": wait.what},
        )
    if is_lost(failure):
        message = "ClickHouse cannot be reached." if wait.what == "connection" else "ClickHouse was lost at work."
        return GatewayError(ErrorCode.UPSTREAM_UNAVAILABLE, message, hint=LATER, details={"waitedFor": wait.what})
    if isinstance(failure, errors.Error):
        return ClickHouseError(failure.code, str(failure))
    raise failure


def note_loss(failure: Exception, host: Host) -> None:
    """Write a lost connection into the log, which may know the host, but never the password."""
    if is_lost(failure):
        logger.warning("ClickHouse at %s: %s", host, str(failure) or type(failure).__name__)


def _peer_of(connected: socket.socket, host: Host) -> Host:
    try:
        name, port, *_ = connected.getpeername()
    except OSError:  # cut off already; whoever asks will find out
        return host
    return Host(name, port)


class CompressedBlocks(AnswerBlocks, CompressedBlockInputStream):  # type: ignore[misc]  # the driver is not typed
    """See PlainBlocks."""
