"""Ids of projects and of what is saved in them, as clients send them."""

import re

_ID = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


def read_id(text: str) -> int | None:
    """The number of an id, None for a text that is none."""
    return int(text) if _ID.fullmatch(text) else None
