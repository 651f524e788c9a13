"""Failures of the database itself: the reason goes to the log, the client is told what to do."""

import logging
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from errors import ErrorCode, GatewayError

logger = logging.getLogger(__name__)

MISSING_TABLES: Final = "42P01"
NOT_IN_TIME: Final = {"57014", "55P03"}
"""SQLSTATE of a statement that was ended, and of a lock that was not got."""
COLLISION: Final = {"40001", "40P01"}
"""Of transactions of which only one could go on."""


def unavailable(error: DBAPIError | PoolTimeout | TimeoutError) -> GatewayError:
    """What a client is told about a store that failed."""
    if isinstance(error, TimeoutError):
        logger.error("metadata store: it has fallen silent")
        return _refusal("The metadata store did not answer in time.", "Try again in a moment.")
    if isinstance(error, PoolTimeout):
        logger.error("metadata store: all connections were in use for too long")
        return _refusal("The metadata store has too much to do.", "Try again in a moment.")
    reason = " ".join(str(error.orig).split())
    state = getattr(error.orig, "sqlstate", None)
    if "no such table" in reason or state == MISSING_TABLES:
        logger.error("metadata store: tables are missing: %s", reason)
        return _refusal("The metadata store has no tables yet.", "Create them: python server.py migrate.")
    logger.error("metadata store: %s", reason)
    if state in NOT_IN_TIME:
        return _refusal("The metadata store did not answer in time.", "Try again in a moment.")
    if state in COLLISION:
        return _refusal("Another change of the same things came in between.", "Try again.")
    return _refusal(
        "The metadata store does not answer.",
        "The log has the reason; TRENDGATE_DATABASE_URL says where the store is.",
    )


def _refusal(message: str, hint: str) -> GatewayError:
    return GatewayError(ErrorCode.UPSTREAM_UNAVAILABLE, message, hint=hint)
