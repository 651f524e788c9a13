"""Bytes from and to a socket: integers, strings, compressed frames."""

import select
import socket
import struct
from collections.abc import Callable
from typing import Protocol

LZ4, ZSTD = 0x82, 0x90
FRAME_HEAD = struct.Struct("<BII")


class Source(Protocol):
    def read(self, size: int) -> bytes: ...


def read_varint(source: Source) -> int:
    number = shift = 0
    while True:
        (byte,) = source.read(1)
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number


def read_text(source: Source) -> str:
    return source.read(read_varint(source)).decode()


def varint(number: int) -> bytes:
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])


def text(value: str) -> bytes:
    data = value.encode()
    return varint(len(data)) + data


class BufferedReader:
    """Reads exact numbers of bytes from chunks of any size."""

    def __init__(self, more: Callable[[int], bytes]) -> None:
        self._more = more
        self._data = b""
        self._position = 0

    @property
    def left(self) -> int:
        """The number of buffered bytes."""
        return len(self._data) - self._position

    def read(self, size: int) -> bytes:
        """Raise EOFError at the end of the stream."""
        if self.left < size:
            parts, have = [self._data[self._position :]], self.left
            while have < size:
                parts.append(self._more(size - have))
                have += len(parts[-1])
            self._data, self._position = b"".join(parts), 0
        self._position += size
        return self._data[self._position - size : self._position]


class SocketStream:
    """The socket of a client."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._buffer = BufferedReader(self._receive)
        self.read = self._buffer.read

    def _receive(self, wanted: int) -> bytes:
        data = self._socket.recv(max(65_536, wanted))
        if not data:
            raise EOFError
        return data

    def wait_readable(self, within_s: float, unless: socket.socket) -> bool:
        """Return whether the client sends data or disconnects, in time and before `unless` is readable."""
        if self._buffer.left:
            return True
        ready, _, _ = select.select([self._socket, unless], [], [], within_s)
        return self._socket in ready

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def cut(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # disconnected already


class CompressedReader:
    """Reads the contents of compressed frames."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.read = BufferedReader(lambda _: self._frame()).read

    def _frame(self) -> bytes:
        checksum = self._source.read(16)
        head = self._source.read(FRAME_HEAD.size)
        method, packed, size = FRAME_HEAD.unpack(head)
        data = self._source.read(packed - FRAME_HEAD.size)
        assert checksum == _checksum(head + data), "the client's checksum is wrong"
        return _unpack(data, method, size)


def compress(data: bytes, method: int) -> bytes:
    """Return one compressed frame."""
    packed = _pack(data, method)
    body = FRAME_HEAD.pack(method, FRAME_HEAD.size + len(packed), len(data)) + packed
    return _checksum(body) + body


def _pack(data: bytes, method: int) -> bytes:
    if method == LZ4:
        import lz4.block

        return bytes(lz4.block.compress(data, store_size=False))
    import zstd

    return bytes(zstd.compress(data))


def _unpack(data: bytes, method: int, size: int) -> bytes:
    if method == LZ4:
        import lz4.block

        return bytes(lz4.block.decompress(data, uncompressed_size=size))
    import zstd

    return bytes(zstd.decompress(data))


def _checksum(data: bytes) -> bytes:
    from clickhouse_cityhash.cityhash import CityHash128

    number = CityHash128(data)
    return struct.pack("<QQ", number >> 64, number & (2**64 - 1))
