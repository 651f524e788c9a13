"""The lock of the embedded ClickHouse's data folder, which one process can use at a time."""

import fcntl
from pathlib import Path
from typing import IO

from datasource.private_files import make_file, make_own_folder
from errors import ErrorCode, GatewayError


def lock_data_dir(path: Path) -> IO[str]:
    """Create the folder if needed, and lock it until the returned file is closed.

    Raises UPSTREAM_UNAVAILABLE.
    """
    # chdb would fail too, but without a reason.
    try:
        make_own_folder(path)
        make_file(path / "trendgate.lock")
        lock = (path / "trendgate.lock").open("w")
    except OSError as failure:
        raise unusable_data_dir(path) from failure
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as locked:
        lock.close()
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "The data folder {folder} is in use by another process.",
            folder=path,
            hint="The embedded ClickHouse allows one process at a time. Stop the other server or load first.",
        ) from locked
    return lock


def unusable_data_dir(path: Path) -> GatewayError:
    """Return the error for a folder that is not writable, or holds data that chdb cannot read."""
    return GatewayError(
        ErrorCode.UPSTREAM_UNAVAILABLE,
        "The data folder {folder} cannot be opened.",
        folder=path,
        hint="It must be writable for this user, and empty or written by this version of Trendgate.",
    )
