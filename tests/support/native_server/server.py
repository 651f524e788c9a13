"""The server: accepts connections, and serves each on a thread."""

import socket
import ssl
import threading
import time
from collections import deque

from tests.support.native_server.backend import Backend, Query
from tests.support.native_server.client import Client
from tests.support.native_server.faults import Fault
from tests.support.native_server.streams import LZ4, SocketStream


class NativeServer:
    """A server that can be given faults, stopped, and started again on the same port."""

    def __init__(
        self,
        backend: Backend,
        *,
        user: str = "default",
        password: str = "",
        databases: tuple[str, ...] = ("default",),
        compression: int = LZ4,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.backend = backend
        self.user, self.password, self.databases = user, password, databases
        self.compression = compression
        self.tls = tls
        self.port = 0
        self.queries: list[Query] = []
        self.handshakes = 0
        self.max_clients = 0
        self._faults: deque[tuple[str, Fault]] = deque()
        self._clients: set[Client] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.hangs_at_handshake = False

    def start(self) -> "NativeServer":
        listener = socket.create_server(("127.0.0.1", self.port), backlog=300)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the port and every connection, and end the running queries."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            clients = tuple(self._clients)
        for client in clients:
            client.stream.cut()
        deadline = time.monotonic() + 10
        while self._clients and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not self._clients, "a client's thread did not end"

    def fail_next(self, *faults: Fault, matching: str = "") -> None:
        """Set a fault for each of the next queries whose text contains `matching`."""
        self._faults.extend((matching, fault) for fault in faults)

    @property
    def clients(self) -> int:
        """The number of connected clients."""
        return len(self._clients)

    @property
    def running(self) -> list[str]:
        """The ids of the running queries."""
        with self._lock:
            return [client.running_id for client in self._clients if client.running_id]

    def fault_for(self, query: Query) -> Fault | None:
        with self._lock:
            self.queries.append(query)
            for index, (matching, fault) in enumerate(self._faults):
                if matching in query.text:
                    del self._faults[index]
                    return fault
        return None

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connected, _ = listener.accept()
            except OSError:
                return
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connected,), daemon=True).start()

    def _serve(self, connected: socket.socket) -> None:
        try:
            if self.tls is not None:
                connected = self.tls.wrap_socket(connected, server_side=True)
            client = Client(self, SocketStream(connected))
            with self._lock:
                self._clients.add(client)
                self.max_clients = max(self.max_clients, len(self._clients))
            try:
                client.serve()
            finally:
                with self._lock:
                    self._clients.discard(client)
        except (EOFError, OSError):
            return  # disconnected
        finally:
            connected.close()
