"""Bytes from and to a socket: numbers, texts, compressed frames."""

import select
import socket
import struct
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


class Line:
    """A client's socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._buffer = b""

    def read(self, size: int) -> bytes:
        """Exactly so many bytes; raises EOFError when the client has gone."""
        while len(self._buffer) < size:
            data = self._socket.recv(max(65_536, size - len(self._buffer)))
            if not data:
                raise EOFError
            self._buffer += data
        answer, self._buffer = self._buffer[:size], self._buffer[size:]
        return answer

    def has_something(self, within_s: float, unless: socket.socket) -> bool:
        """Whether the client sent something, or went away; waits until then, or until `unless` can be read."""
        if self._buffer:
            return True
        ready, _, _ = select.select([self._socket, unless], [], [], within_s)
        return self._socket in ready

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def cut(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # cut off by the client already


class Frames:
    """Compressed frames of a socket as the bytes that are in them."""

    def __init__(self, line: Source) -> None:
        self._line = line
        self._buffer = b""

    def read(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._buffer += self._frame()
        answer, self._buffer = self._buffer[:size], self._buffer[size:]
        return answer

    def _frame(self) -> bytes:
        checksum = self._line.read(16)
        head = self._line.read(FRAME_HEAD.size)
        method, packed, size = FRAME_HEAD.unpack(head)
        data = self._line.read(packed - FRAME_HEAD.size)
        assert checksum == _checksum(head + data), "the client's checksum is wrong"
        return _unpack(data, method, size)


def compress(data: bytes, method: int) -> bytes:
    """One frame."""
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
