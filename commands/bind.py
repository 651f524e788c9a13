"""The socket that the server listens on."""

import errno
import socket

from errors import ErrorCode, GatewayError

_REASONS = {
    errno.EADDRINUSE: (
        "Port {port} of {host} is in use by another process.",
        "Stop the other server, or set TRENDGATE_PORT (or --port) to another port.",
    ),
    errno.EACCES: (
        "Port {port} of {host} requires elevated privileges.",
        "Set TRENDGATE_PORT (or --port) to 1024 or higher.",
    ),
    errno.EADDRNOTAVAIL: (
        "{host} is not an address of this machine.",
        "Set TRENDGATE_HOST (or --host) to 127.0.0.1, 0.0.0.0 or an address of this machine.",
    ),
}


def bind(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen yet; raises GatewayError with the port and the setting to change."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as failure:
        raise _bind_error(host, port, errno.EADDRNOTAVAIL) from failure
    listener = socket.socket(family, kind, protocol)
    try:
        # Connections of a server that has just stopped do not block the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as failure:
        listener.close()
        raise _bind_error(host, port, failure.errno) from failure
    return listener


def server_url(listener: socket.socket) -> str:
    """The URL of a bound socket, without a path."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bind_error(host: str, port: int, number: int | None) -> GatewayError:
    template, hint = _REASONS.get(
        number or 0, ("Port {port} of {host} cannot be used.", "Check TRENDGATE_HOST and TRENDGATE_PORT.")
    )
    return GatewayError(ErrorCode.UPSTREAM_UNAVAILABLE, template, host=host, port=port, hint=hint)
