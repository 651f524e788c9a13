"""The data folder of the embedded ClickHouse: one process at a time."""

import fcntl
from pathlib import Path
from typing import IO

from errors import ErrorCode, GatewayError


def lock_folder(path: Path) -> IO[str]:
    """Make the folder if need be and hold it until the answer is closed; raises UPSTREAM_UNAVAILABLE."""
    # chdb would fail too, but without saying why.
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / "trendgate.lock").open("w")
    except OSError as failure:
        raise unusable(path) from failure
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        lock.close()
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            f"The data folder {path} is in use by another process.",
            hint="The embedded ClickHouse allows one process at a time: stop the other server or load first.",
        ) from taken
    return lock


def unusable(path: Path) -> GatewayError:
    """The refusal of a folder that holds no data of ours, or cannot be written."""
    return GatewayError(
        ErrorCode.UPSTREAM_UNAVAILABLE,
        f"The data folder {path} cannot be opened.",
        hint="It must be a folder that this user may write, holding what this version wrote.",
    )
