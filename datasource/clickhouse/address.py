"""URLs of ClickHouse servers: `clickhouse://user:password@host:9000,host/database?...`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from errors import BadUserInput, Message

PORT: Final = 9000
SECURE_PORT: Final = 9440
COMPRESSIONS: Final = ("lz4", "zstd")
_FORM: Final = "clickhouse://user:password@host1:9000,host2:9000/database?secure=1"
_BOOLEANS: Final = {"1": True, "true": True, "0": False, "false": False}


@dataclass(frozen=True, slots=True)
class Host:
    """The name and port of one server."""

    name: str
    port: int

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A parsed URL. All hosts hold the same data; earlier ones are preferred."""

    hosts: tuple[Host, ...]
    user: str = "default"
    password: str = field(default="", repr=False)
    database: str = "default"
    is_secure: bool = False
    ca_cert: Path | None = None
    compression: str | None = None

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse a URL. Raises BadUserInput, which never contains the password."""
        scheme, separator, rest = url.strip().partition("://")
        if not separator or scheme not in ("clickhouse", "clickhouses"):
            raise _invalid("It must begin with clickhouse:// or clickhouses://.")
        authority, _, _ = rest.partition("/")
        authority = authority.partition("?")[0].partition("#")[0]
        credentials, _, hosts = authority.rpartition("@")
        parts = urlsplit(f"clickhouse://host{rest[len(authority) :]}")
        if parts.fragment:
            raise _invalid("It contains a #; write %23 for a # in the user, password or database.")
        options = _read_options(parts.query)
        is_secure = bool(options.pop("is_secure", scheme == "clickhouses"))
        if scheme == "clickhouses" and not is_secure:
            raise _invalid("clickhouses:// and secure=0 contradict each other.")
        if "ca_cert" in options and not is_secure:
            raise _invalid("ca_cert needs secure=1.")
        user, _, password = credentials.partition(":")
        default_port = SECURE_PORT if is_secure else PORT
        return cls(
            hosts=tuple(_read_host(host, default_port) for host in hosts.split(",")),
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
    except ValueError as invalid:
        raise _invalid("A host name or port is invalid.") from invalid
    if not name or parts.path or port == 0:
        raise _invalid("A host name or port is missing.")
    return Host(name, port or default_port)


def _read_options(query: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError as invalid:
        raise _invalid("The part after the ? must be a list of name=value.") from invalid
    options: dict[str, Any] = {}
    for name, value in pairs:
        if name not in _OPTIONS:
            raise _invalid(
                "Unknown parameter {name!r}; the valid ones are {valid}.", name=name, valid=tuple(_OPTIONS)
            )
        target, read = _OPTIONS[name]
        if target in options:
            raise _invalid("The parameter {name} occurs twice.", name=name)
        options[target] = read(value)
    return options


def _read_boolean(value: str) -> bool:
    if value.lower() not in _BOOLEANS:
        raise _invalid("The parameter secure must be 1 or 0.")
    return _BOOLEANS[value.lower()]


def _read_ca_cert(value: str) -> Path:
    path = Path(value)
    if not path.is_file():
        raise _invalid("The file {path} of ca_cert does not exist.", path=path)
    return path


def _read_compression(value: str) -> str:
    if value not in COMPRESSIONS:
        raise _invalid("The parameter compression must be one of {valid}.", valid=COMPRESSIONS)
    return value


_OPTIONS: Final[Mapping[str, tuple[str, Callable[[str], object]]]] = {
    "secure": ("is_secure", _read_boolean),
    "ca_cert": ("ca_cert", _read_ca_cert),
    "compression": ("compression", _read_compression),
}


def _invalid(template: str, **values: object) -> BadUserInput:
    return BadUserInput(
        "Invalid URL of the ClickHouse server. {reason}",
        reason=Message(template, values),
        form=_FORM,
        hint="Expected form: {form}",
    )
