"""Folders and files that only the account of the process can read: events, metadata, keys, rejected rows."""

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_FOLDER: Final = 0o700
_FILE: Final = 0o600
_OTHERS: Final = 0o077
_OWN_NAMES: Final = ("events", "demo-key", "metadata.sqlite3", "metadata.sqlite3-*", "*.rejects.jsonl")
"""What the gateway puts into a data folder."""

logger = logging.getLogger("trendgate.files")


def set_private_umask() -> None:
    """Make everything private that this process creates from now on, also by ClickHouse and SQLite."""
    os.umask(_OTHERS)


def make_data_dir(path: Path) -> None:
    """Create the folder, or close an existing one to others unless it also holds files of other programs.

    A failure is left to whatever opens a file in the folder next, which can say what it needed.
    """
    with suppress(OSError):
        make_folder(path)
        if all(any(each.match(name) for name in _OWN_NAMES) for each in path.iterdir()):
            _close(path)


def make_folder(path: Path) -> None:
    """Create the folder and its parents; folders that exist stay as they are."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=_FOLDER, exist_ok=True)


def make_own_folder(path: Path) -> None:
    """Create a folder of which everything is ours, or close an existing one with all it contains."""
    make_folder(path)
    # Behind a closed folder, no file is readable.
    if _is_open(path):
        for each in _below(path):
            _close(each)
        _close(path)


def make_file(path: Path) -> None:
    """Create an empty file, or close an existing one."""
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, _FILE))
    _close(path)


def close_file(path: Path) -> None:
    """Close a file to others, if it exists."""
    if path.is_file():
        _close(path)


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        yield from (Path(parent, name) for name in (*folders, *files))


def _is_open(path: Path) -> bool:
    mode = path.lstat().st_mode
    return not stat.S_ISLNK(mode) and bool(mode & _OTHERS)


def _close(path: Path) -> None:
    if not _is_open(path):
        return
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
    except OSError as failure:
        logger.warning("%s stays readable for other accounts: %s", path, failure.strerror)
