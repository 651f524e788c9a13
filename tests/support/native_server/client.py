"""One connection of a client: handshake, queries and responses."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from datasource.clickhouse.engine import Progress
from tests.support.native_server.backend import Query, Result, ServerException
from tests.support.native_server.blocks import Block, read_packet
from tests.support.native_server.faults import Drop, Fail, Hang, Slow
from tests.support.native_server.streams import (
    CompressedReader,
    SocketStream,
    compress,
    read_text,
    read_varint,
    text,
    varint,
)

if TYPE_CHECKING:
    from tests.support.native_server.server import NativeServer

REVISION: Final = 54468
HELLO, DATA, EXCEPTION, PROGRESS, PONG, END, PROFILE = range(7)
CLIENT_QUERY, CLIENT_DATA, CLIENT_CANCEL, CLIENT_PING = range(1, 5)
PROGRESS_INTERVAL_S: Final = 0.1


class Client:
    """A connected client, served by one thread."""

    def __init__(self, server: "NativeServer", stream: SocketStream) -> None:
        self.server = server
        self.stream = stream
        self.running_id = ""
        self._is_compressed = False
        self._progress = self._sent = Progress(0, 0, 0)

    def serve(self) -> None:
        if not self._shake_hands():
            return
        while True:
            match read_varint(self.stream):
                case 4:
                    self.stream.write(varint(PONG))
                case 1:
                    query = self._read_query()
                    self.running_id = query.id
                    try:
                        if not self._answer(query):
                            return
                    finally:
                        self.running_id = ""
                case 3:
                    continue  # its query has ended already
                case other:
                    raise AssertionError(f"a client sent packet {other}")

    def _shake_hands(self) -> bool:
        assert read_varint(self.stream) == HELLO
        read_text(self.stream)
        for _ in range(3):
            read_varint(self.stream)
        database, user, password = (read_text(self.stream) for _ in range(3))
        self.server.handshakes += 1
        if self.server.hangs_at_handshake:
            self._wait_for_end()
            return False
        if (user, password) != (self.server.user, self.server.password):
            self._fail(516, f"{user}: Authentication failed: password is incorrect, or there is no such user")
            return False
        if database not in self.server.databases:
            self._fail(81, f"Database {database} does not exist")
            return False
        version = varint(26) + varint(9) + varint(REVISION)
        zone = text("Etc/UTC") + text("fixture") + varint(2)
        self.stream.write(varint(HELLO) + text("ClickHouse") + version + zone + varint(0) + bytes(8))
        read_text(self.stream)  # the quota key
        return True

    def _read_query(self) -> Query:
        query_id = read_text(self.stream)
        traceparent = self._read_client_info()
        settings = self._read_settings()
        read_text(self.stream)
        read_varint(self.stream)
        self._is_compressed = bool(read_varint(self.stream))
        sql = read_text(self.stream)
        params = {name: _undump(value) for name, value in self._read_settings().items()}
        return Query(query_id, sql, settings, params, self._read_tables(), traceparent)

    def _read_client_info(self) -> str | None:
        self.stream.read(1)
        for _ in range(3):
            read_text(self.stream)
        self.stream.read(9)
        for _ in range(3):
            read_text(self.stream)
        for _ in range(3):
            read_varint(self.stream)
        read_text(self.stream)
        for _ in range(2):
            read_varint(self.stream)
        traceparent = self._read_trace() if self.stream.read(1) == b"\1" else None
        for _ in range(3):
            read_varint(self.stream)
        return traceparent

    def _read_trace(self) -> str:
        # The trace id is a UUID, which ClickHouse reads as two numbers, first half first.
        first, second, span = struct.unpack("<QQQ", self.stream.read(24))
        read_text(self.stream)
        return f"00-{first:016x}{second:016x}-{span:016x}-{self.stream.read(1)[0]:02x}"

    def _read_settings(self) -> dict[str, str]:
        settings: dict[str, str] = {}
        while name := read_text(self.stream):
            self.stream.read(1)
            settings[name] = read_text(self.stream)
        return settings

    def _read_tables(self) -> dict[str, list[Block]]:
        tables: dict[str, list[Block]] = {}
        while True:
            assert read_varint(self.stream) == CLIENT_DATA
            name = read_text(self.stream)
            block = read_packet(CompressedReader(self.stream) if self._is_compressed else self.stream)
            if not block.columns:
                return tables
            tables.setdefault(name, []).append(block)

    def _answer(self, query: Query) -> bool:
        match fault := self.server.fault_for(query):
            case Hang():
                self._wait_for_end()
                return False
            case Drop(mid_block=False):
                self.stream.cut()
                return False
            case Slow(seconds):
                time.sleep(seconds)
            case Fail(code, message):
                self._fail(code, message)
                return True
        try:
            result = self._run(query)
        except ServerException as failure:
            self._fail(failure.code, str(failure))
            return True
        if fault == Drop(mid_block=True):
            assert result is not None
            self._send_data(result.header)
            packet = varint(DATA) + text("") + self._packed(result.blocks[0])
            self.stream.write(packet[: len(packet) // 2])
            self.stream.cut()
            return False
        self._send(result)
        return True

    def _run(self, query: Query) -> Result | None:
        """Run the query and send progress. A client that cancels or disconnects ends it."""
        future: Future[Result | None] = Future()
        self._progress = self._sent = Progress(0, 0, 0)
        here, there = socket.socketpair()
        with here, there:
            future.add_done_callback(lambda _: there.send(b"!"))
            work = threading.Thread(
                target=_resolve, args=(future, lambda: self.server.backend.run(query, self._set_progress))
            )
            work.start()
            try:
                self._watch(query, future, here)
            finally:
                work.join()
        return future.result()

    def _watch(self, query: Query, future: "Future[Result | None]", end: socket.socket) -> None:
        while not future.done():
            if self.stream.wait_readable(PROGRESS_INTERVAL_S, end):
                self._read_cancel(query, future)
            elif not future.done():
                self._send_progress()

    def _set_progress(self, progress: Progress) -> None:
        self._progress = progress

    def _read_cancel(self, query: Query, future: "Future[Result | None]") -> None:
        try:
            assert read_varint(self.stream) == CLIENT_CANCEL
        finally:  # whether it cancelled or disconnected
            while not _is_done(future, 0.02):
                self.server.backend.kill(query.id)

    def _send(self, result: Result | None) -> None:
        if result is not None:
            self._send_data(result.header)
            for block in result.blocks:
                self._send_data(block)
            rows = sum(block.rows for block in result.blocks)
            self.stream.write(varint(PROFILE) + varint(rows) + varint(len(result.blocks)) + varint(0) + bytes(3))
            total = self._progress.total_rows
            self._progress = Progress(result.rows_read, total, result.bytes_read)
            self._send_progress()
        self.stream.write(varint(END))

    def _send_progress(self) -> None:
        """Send what was read since the last packet, even if nothing, to show that the server is alive."""
        now, last = self._progress, self._sent
        self._sent = now
        rows, size = max(0, now.rows_read - last.rows_read), max(0, now.bytes_read - last.bytes_read)
        total = max(0, (now.total_rows or 0) - (last.total_rows or 0))
        self.stream.write(varint(PROGRESS) + varint(rows) + varint(size) + varint(total) + bytes(4))

    def _send_data(self, block: Block) -> None:
        self.stream.write(varint(DATA) + text("") + self._packed(block))

    def _packed(self, block: Block) -> bytes:
        data = block.as_packet()
        return compress(data, self.server.compression) if self._is_compressed else data

    def _fail(self, code: int, message: str) -> None:
        strings = text("DB::Exception") + text(f"DB::Exception: {message}") + text("")
        self.stream.write(varint(EXCEPTION) + struct.pack("<i", code) + strings + b"\0")

    def _wait_for_end(self) -> None:
        try:
            while True:
                self.stream.read(1)
        except (EOFError, OSError):
            return


def _resolve(future: "Future[Result | None]", work: Callable[[], Result | None]) -> None:
    try:
        future.set_result(work())
    except BaseException as failure:
        future.set_exception(failure)


def _is_done(future: "Future[Result | None]", within_s: float) -> bool:
    try:
        future.exception(within_s)
    except TimeoutError:
        return False
    return True


def _undump(value: str) -> str:
    """Read a quoted string, as the driver sends parameters."""
    assert value[0] == value[-1] == "'"
    out, escaped = [], False
    for letter in value[1:-1]:
        if escaped or letter != "\\":
            out.append({"n": "\n"}.get(letter, letter) if escaped and letter == "n" else letter)
            escaped = False
        else:
            escaped = True
    return "".join(out)
