"""Ids of projects and saved objects, as clients send them."""

import re

_ID = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


def read_id(text: str) -> int | None:
    """Return the number of an id, None for a malformed one."""
    return int(text) if _ID.fullmatch(text) else None
