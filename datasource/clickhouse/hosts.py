"""Which of several servers to talk to: the first one that was not found dead a moment ago."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from datasource.clickhouse.address import Host

REST_S: Final = 10.0
"""How long a host that could not be reached is left alone, while another one can be."""


class Hosts:
    """The hosts with what is known of them. Used by many threads."""

    def __init__(
        self, hosts: Sequence[Host], *, rest_s: float = REST_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._hosts = tuple(hosts)
        self._rest_s = rest_s
        self._clock = clock
        self._down_since: dict[Host, float] = {}
        self._lock = threading.Lock()

    def in_order(self) -> tuple[Host, ...]:
        """All of them, in the order of the URL, those that rest last: they are tried if none answers."""
        with self._lock:
            resting = [host for host in self._hosts if self._rests(host)]
        return tuple(host for host in self._hosts if host not in resting) + tuple(resting)

    def preferred(self) -> Host:
        """The one that a new connection goes to."""
        return self.in_order()[0]

    def failed(self, host: Host) -> None:
        """Note that the host could not be reached."""
        with self._lock:
            self._down_since[host] = self._clock()

    def answered(self, host: Host) -> None:
        """Note that it can."""
        with self._lock:
            self._down_since.pop(host, None)

    def _rests(self, host: Host) -> bool:
        since = self._down_since.get(host)
        return since is not None and self._clock() - since < self._rest_s
