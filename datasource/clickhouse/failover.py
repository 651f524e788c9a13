"""The order in which the hosts of a server are tried."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from datasource.clickhouse.address import Host

COOLDOWN_S: Final = 10.0
"""How long a host that could not be reached is tried last."""


class Failover:
    """Hosts, with the time at which each was last unreachable. Thread-safe."""

    def __init__(
        self, hosts: Sequence[Host], *, cooldown_s: float = COOLDOWN_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._hosts = tuple(hosts)
        self._cooldown_s = cooldown_s
        self._clock = clock
        self._down_since: dict[Host, float] = {}
        self._lock = threading.Lock()

    def in_order(self) -> tuple[Host, ...]:
        """Return all hosts in the order of the URL, but those that cool down last."""
        with self._lock:
            cooling = [host for host in self._hosts if self._is_cooling(host)]
        return tuple(host for host in self._hosts if host not in cooling) + tuple(cooling)

    def preferred(self) -> Host:
        """Return the host that a new connection goes to."""
        return self.in_order()[0]

    def mark_down(self, host: Host) -> None:
        """Record that the host could not be reached."""
        with self._lock:
            self._down_since[host] = self._clock()

    def mark_up(self, host: Host) -> None:
        """Record that the host could be reached."""
        with self._lock:
            self._down_since.pop(host, None)

    def _is_cooling(self, host: Host) -> bool:
        since = self._down_since.get(host)
        return since is not None and self._clock() - since < self._cooldown_s
