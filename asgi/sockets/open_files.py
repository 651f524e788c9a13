"""How many connections a process can open."""

import logging
from typing import Final

logger = logging.getLogger("trendgate.http")

OTHER_FILES: Final = 256
"""Files and connections other than those of clients: the stores, and the parts of an embedded ClickHouse."""


def reserve_connections(wanted: int) -> int:
    """Raise this process's limit of open files as far as needed and allowed; return how many connections fit.

    Without a free file, the event loop could not accept a connection, and would try and log that without end.
    """
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        soft = allowed
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    possible = max(1, soft - min(OTHER_FILES, soft // 2))
    logger.warning("the limit of %d open files allows %d connections instead of %d", soft, possible, wanted)
    return possible
