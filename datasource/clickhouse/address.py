"""Where a ClickHouse server is and how to talk to it: `clickhouse://user:password@host:9000,host/database?...`."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from errors import BadUserInput

PORT: Final = 9000
SECURE_PORT: Final = 9440
COMPRESSIONS: Final = ("lz4", "zstd")
_FORM: Final = "clickhouse://user:password@host1:9000,host2:9000/database?secure=1"
_SWITCH: Final = {"1": True, "true": True, "0": False, "false": False}


@dataclass(frozen=True, slots=True)
class Host:
    """One server, or whatever stands for one."""

    name: str
    port: int

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """All of a URL. The hosts hold the same data; an earlier one is preferred."""

    hosts: tuple[Host, ...]
    user: str = "default"
    password: str = field(default="", repr=False)
    database: str = "default"
    is_secure: bool = False
    ca_cert: Path | None = None
    compression: str | None = None

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a URL. Raises BadUserInput, which never shows the password."""
        scheme, separator, rest = url.strip().partition("://")
        if not separator or scheme not in ("clickhouse", "clickhouses"):
            raise _refusal("It does not begin with clickhouse:// or clickhouses://.")
        authority, _, _ = rest.partition("/")
        authority = authority.partition("?")[0].partition("#")[0]
        credentials, _, hosts = authority.rpartition("@")
        parts = urlsplit(f"clickhouse://host{rest[len(authority) :]}")
        if parts.fragment:
            raise _refusal("It holds a #; write %23 for one in the user, password or database.")
        options = _read_options(parts.query)
        is_secure = bool(options.pop("is_secure", scheme == "clickhouses"))
        if scheme == "clickhouses" and not is_secure:
            raise _refusal("clickhouses:// and secure=0 contradict each other.")
        if "ca_cert" in options and not is_secure:
            raise _refusal("ca_cert is of no use without secure=1.")
        user, _, password = credentials.partition(":")
        default_port = SECURE_PORT if is_secure else PORT
        return cls(
            hosts=tuple(_read_host(text, default_port) for text in hosts.split(",")),
            user=unquote(user) or "default",
            password=unquote(password),
            database=unquote(parts.path.removeprefix("/")) or "default",
            is_secure=is_secure,
            **options,
        )


def _read_host(text: str, default_port: int) -> Host:
    try:
        parts = urlsplit(f"//{text}")
        name, port = parts.hostname, parts.port
    except ValueError as wrong:
        raise _refusal("The name or port of a host cannot be read.") from wrong
    if not name or parts.path or port == 0:
        raise _refusal("The name or port of a host is missing.")
    return Host(name, port or default_port)


def _read_options(query: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError as wrong:
        raise _refusal("What follows the ? is not a list of name=value.") from wrong
    options: dict[str, Any] = {}
    for name, value in pairs:
        if name not in _OPTIONS:
            raise _refusal(f"There is no parameter {name!r}, only {', '.join(_OPTIONS)}.")
        target, read = _OPTIONS[name]
        if target in options:
            raise _refusal(f"The parameter {name} is there twice.")
        options[target] = read(value)
    return options


def _read_switch(value: str) -> bool:
    if value.lower() not in _SWITCH:
        raise _refusal("The parameter secure is neither 1 nor 0.")
    return _SWITCH[value.lower()]


def _read_ca_cert(value: str) -> Path:
    path = Path(value)
    if not path.is_file():
        raise _refusal(f"There is no file {path} for ca_cert.")
    return path


def _read_compression(value: str) -> str:
    if value not in COMPRESSIONS:
        raise _refusal(f"The parameter compression is not one of {', '.join(COMPRESSIONS)}.")
    return value


_OPTIONS: Final[Mapping[str, tuple[str, Callable[[str], object]]]] = {
    "secure": ("is_secure", _read_switch),
    "ca_cert": ("ca_cert", _read_ca_cert),
    "compression": ("compression", _read_compression),
}


def _refusal(reason: str) -> BadUserInput:
    return BadUserInput(f"The URL of the ClickHouse server cannot be used. {reason}", hint=f"The form is {_FORM}")


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
