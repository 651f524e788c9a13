"""The access log: a line per HTTP request and WebSocket, by route.

Addresses are not logged: their paths can hold tokens, their query strings filter values and, by mistake, keys.
"""

import logging

logger = logging.getLogger("trendgate.access")


def log_request(*, client: str, method: str, route: str, status: int, seconds: float) -> None:
    """Log a request once its response has ended. Every argument is one of a closed set, or an IP address."""
    milliseconds = round(seconds * 1000, 1)
    fields = {"client": client, "method": method, "route": route, "status": status, "duration_ms": milliseconds}
    logger.info("%s %s %s: %d in %.1f ms", client, method, route, status, milliseconds, extra={"fields": fields})
