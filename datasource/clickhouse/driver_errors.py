"""The errors of clickhouse-driver as the gateway's."""

import logging
from dataclasses import dataclass
from typing import Final, Literal

from clickhouse_driver import errors

from datasource.clickhouse.address import Host
from datasource.clickhouse.engine import Limits
from datasource.clickhouse.errors import RETRY_HINT, ClickHouseError, translate
from errors import ErrorCode, GatewayError, LimitExceeded

_TIMED_OUT: Final = {
    "connection": "Could not connect to ClickHouse within {limit:g} seconds.",
    "answer": "ClickHouse did not answer within {limit:g} seconds.",
}
_LOST: Final = {
    "connection": "ClickHouse cannot be reached.",
    "answer": "The connection to ClickHouse was lost.",
}

logger = logging.getLogger("trendgate.clickhouse")


@dataclass(frozen=True, slots=True)
class WaitStage:
    """What the gateway waits for, and how long the server may be silent meanwhile."""

    waited_for: Literal["connection", "answer"]
    seconds: float


def is_lost(failure: BaseException) -> bool:
    """Return whether the connection failed, rather than the statement."""
    return isinstance(failure, errors.NetworkError | errors.SocketTimeoutError | OSError | EOFError)


def is_timeout(failure: BaseException) -> bool:
    """Return whether the server was silent for too long."""
    return isinstance(failure, errors.SocketTimeoutError | TimeoutError)


def translate_failure(
    failure: Exception, stage: WaitStage, limits: Limits | None = None
) -> GatewayError | ClickHouseError:
    """Return the gateway's error for one of the driver's. It never names the host: `log_loss` does."""
    if isinstance(failure, errors.ServerException):
        return translate(f"Code: {failure.code}. {failure.message.partition('. Stack trace:')[0]}", limits)
    if is_timeout(failure):
        return LimitExceeded(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            _TIMED_OUT[stage.waited_for],
            limit=stage.seconds,
            actual=None,
            unit="seconds",
            hint=RETRY_HINT,
            details={"waitedFor": stage.waited_for},
        )
    if is_lost(failure):
        return GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            _LOST[stage.waited_for],
            hint=RETRY_HINT,
            details={"waitedFor": stage.waited_for},
        )
    if isinstance(failure, ClickHouseError):
        return failure
    if isinstance(failure, errors.Error):
        return ClickHouseError(failure.code, str(failure))
    raise failure


def log_loss(failure: Exception, host: Host) -> None:
    """Log a lost connection with its host."""
    if is_lost(failure):
        logger.warning("ClickHouse at %s: %s", host, str(failure) or type(failure).__name__)
