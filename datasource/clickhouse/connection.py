"""One connection to a ClickHouse server, on which one statement runs at a time."""

import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from clickhouse_driver import errors
from clickhouse_driver.block import RowOrientedBlock
from clickhouse_driver.protocol import ClientPacketTypes, ServerPacketTypes
from clickhouse_driver.varint import write_varint
from clickhouse_driver.writer import write_binary_str

from datasource.clickhouse.address import Host, ServerAddress
from datasource.clickhouse.engine import Limits, ParamValue, Progress, ProgressListener
from datasource.clickhouse.native_format import NativeBlock
from datasource.clickhouse.parameters import encode_param
from datasource.clickhouse.protocol import ProtocolConnection, ResultBlock, Timeouts

BLOCK_TABLE: Final = "_trendgate_block"
"""The name of the external table that holds the blocks of a statement."""
_MIN_REVISION: Final = 54459  # the first one that binds parameters on the server


@dataclass(frozen=True, slots=True)
class NativeRequest:
    """One statement with all that is sent along. `on_progress` is called on the thread that runs it."""

    text: str
    params: Mapping[str, ParamValue]
    settings: Mapping[str, int | float | str]
    blocks: Sequence[NativeBlock]
    traceparent: str | None = None
    """The span of the statement, as W3C Trace Context writes it."""
    on_progress: ProgressListener | None = None
    limits: Limits | None = None


@dataclass(slots=True)
class NativeResponse:
    """The server's response to one statement. It has no columns when the statement has no result."""

    names: tuple[str, ...] = ()
    columns: list[list[object]] = field(default_factory=list)
    rows_read: int = 0
    total_rows: int = 0
    bytes_read: int = 0
    query_id: str = ""

    @property
    def progress(self) -> Progress:
        """The progress as of the server's last report."""
        return Progress(self.rows_read, self.total_rows or None, self.bytes_read)


class ServerConnection:
    """A connection that is open from the start. Only `abort` and `peer` may be used from other threads."""

    def __init__(
        self, address: ServerAddress, host: Host, timeouts: Timeouts, *, peer: Host | None = None
    ) -> None:
        """Connect to the host, or to `peer`, the resolved address of an earlier connection to it."""
        self.host = host
        self._protocol = ProtocolConnection(address, host, peer or host, timeouts)
        try:
            self._protocol.open()
            if self._protocol.server_info.used_revision < _MIN_REVISION:
                raise errors.ServerException("the server is too old", errors.ErrorCodes.SERVER_REVISION_IS_TOO_OLD)
        except BaseException:
            self.close()
            raise
        self._stream = self._protocol.block_in
        self.peer = _peer_of(self._protocol.socket, host)
        self._used_at = time.monotonic()

    @property
    def idle_s(self) -> float:
        """Seconds since the last use."""
        return time.monotonic() - self._used_at

    @property
    def has_rows(self) -> bool:
        """Whether any row of the last result has arrived."""
        return bool(self._stream.has_rows)

    def mark_idle(self) -> None:
        """Record the end of a use."""
        self._used_at = time.monotonic()

    def ping(self) -> bool:
        """Return whether the server answers."""
        try:
            return bool(self._protocol.ping())
        except errors.Error:
            return False

    def run(self, request: NativeRequest, query_id: str) -> NativeResponse:
        """Run one statement. Raises the driver's errors, after which the connection must be closed."""
        self._stream.has_rows = False
        self._send(request, query_id)
        response = NativeResponse(query_id=query_id)
        while (packet := self._protocol.receive_packet()).type != ServerPacketTypes.END_OF_STREAM:
            if packet.type == ServerPacketTypes.EXCEPTION:
                raise packet.exception
            if packet.type == ServerPacketTypes.PROGRESS:
                _add_progress(response, packet.progress)
                if request.on_progress is not None:
                    request.on_progress(response.progress)
            elif packet.type == ServerPacketTypes.DATA:
                _add_block(response, packet.block)
        return response

    def abort(self) -> None:
        """Cut the connection, so that the thread which reads from it fails at once."""
        connected = self._protocol.socket
        if connected is not None:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Free the socket."""
        self._protocol.disconnect()

    def _send(self, request: NativeRequest, query_id: str) -> None:
        text = request.text.replace("{block}", BLOCK_TABLE) if request.blocks else request.text
        self._protocol.context.settings = dict(request.settings)
        self._protocol.set_traceparent(request.traceparent)
        params = {name: _EncodedParam(value) for name, value in request.params.items()}
        self._protocol.send_query(text, query_id, params)
        for block in request.blocks:
            write_varint(ClientPacketTypes.DATA, self._protocol.fout)
            write_binary_str(BLOCK_TABLE, self._protocol.fout)
            for chunk in block.encode_for_server():
                self._protocol.block_out.fout.write(chunk)
            self._protocol.block_out.finalize()
        self._protocol.send_data(RowOrientedBlock())


def _add_progress(response: NativeResponse, increment: Any) -> None:
    response.rows_read += increment.rows
    response.total_rows += increment.total_rows
    response.bytes_read += increment.bytes


def _add_block(response: NativeResponse, block: ResultBlock) -> None:
    response.names = response.names or block.names
    if not block.columns:
        return
    if response.columns:
        for column, rest in zip(response.columns, block.columns, strict=True):
            column.extend(rest)
    else:
        response.columns = [list(column) for column in block.columns]


def _peer_of(connected: socket.socket, host: Host) -> Host:
    try:
        name, port, *_ = connected.getpeername()
    except OSError:  # cut already; the first statement will fail
        return host
    return Host(name, port)


class _EncodedParam:
    """A parameter in our encoding. The driver only adds the quotation marks."""

    def __init__(self, value: ParamValue) -> None:
        self._text = encode_param(value).replace("\\", "\\\\").replace("'", "\\'")

    def __str__(self) -> str:
        return self._text
