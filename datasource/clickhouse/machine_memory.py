"""The memory of the machine, or of the container that the process runs in."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_GROUPS: Final = Path("/proc/self/cgroup")
_ROOT: Final = Path("/sys/fs/cgroup")
_MIB: Final = 1024**2
_OWN: Final = 640 * _MIB
"""For Python, ClickHouse itself, and answers."""
_LEAST: Final = 256 * _MIB


def default_query_memory(memory: int) -> int:
    """Return what all queries of an embedded ClickHouse together may use of this memory: half of it, or less."""
    return max(_LEAST, min(memory // 2, memory - _OWN))


def machine_memory(groups: Path = _GROUPS, root: Path = _ROOT) -> int:
    """Return the bytes of the machine, or of the process's control group if that has fewer."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([physical, *_limits(groups, root)])


def _limits(groups: Path, root: Path) -> Iterator[int]:
    # A container usually sees its own group as the root; without a namespace, the group's path says where it is.
    paths = ["", *(line.rpartition(":")[2].strip("/") for line in _read(groups).splitlines())]
    for path in dict.fromkeys(paths):
        for file in (root / path / "memory.max", root / "memory" / path / "memory.limit_in_bytes"):
            text = _read(file).strip()
            if text.isdecimal():  # otherwise "max", or no such file
                yield int(text)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
