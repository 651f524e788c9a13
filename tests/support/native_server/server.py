"""Listens, and talks to each client on a thread."""

import socket
import ssl
import threading
import time
from collections import deque

from tests.support.native_server.backend import Backend, Query
from tests.support.native_server.client import Client
from tests.support.native_server.faults import Fault
from tests.support.native_server.wire import LZ4, Line


class NativeServer:
    """Start it, ask it at `port`, tell it what to do wrong, stop it, start it again on the same port."""

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
        self.hellos = 0
        self.most_clients = 0
        self._faults: deque[tuple[str, Fault]] = deque()
        self._clients: set[Client] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.hangs_at_hello = False

    def start(self) -> "NativeServer":
        listener = socket.create_server(("127.0.0.1", self.port), backlog=300)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Refuse from now on, and cut every connection; what runs is ended."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            clients = tuple(self._clients)
        for client in clients:
            client.line.cut()
        deadline = time.monotonic() + 10
        while self._clients and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not self._clients, "a client's thread did not end"

    def fail_next(self, *faults: Fault, matching: str = "") -> None:
        """What to do with the next queries whose text holds `matching`, one after another."""
        self._faults.extend((matching, fault) for fault in faults)

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._clients)

    @property
    def at_work(self) -> list[str]:
        """The ids of the queries that were not answered yet."""
        with self._lock:
            return [client.at_work for client in self._clients if client.at_work]

    def fault_for(self, query: Query) -> Fault | None:
        with self._lock:
            self.queries.append(query)
            for place, (matching, fault) in enumerate(self._faults):
                if matching in query.text:
                    del self._faults[place]
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
            client = Client(self, Line(connected))
            with self._lock:
                self._clients.add(client)
                self.most_clients = max(self.most_clients, len(self._clients))
            try:
                client.serve()
            finally:
                with self._lock:
                    self._clients.discard(client)
        except (EOFError, OSError):
            return  # the client has gone
        finally:
            connected.close()
