"""A server of ClickHouse's native protocol, which runs statements on chdb."""

from tests.support.native_server.backend import Backend, open_backend
from tests.support.native_server.faults import Drop, Fail, Fault, Hang, Slow
from tests.support.native_server.server import NativeServer

__all__ = ["Backend", "Drop", "Fail", "Fault", "Hang", "NativeServer", "Slow", "open_backend"]
