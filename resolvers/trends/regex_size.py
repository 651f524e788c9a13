"""How large a regular expression is once RE2 has written out its repetitions, without compiling it.

RE2 takes time and memory in proportion to that, a microsecond and 16 bytes for each part.
"""

import re
from typing import Final

_COUNTED: Final = re.compile(r"\{(\d{1,9})(?:,(\d{0,9}))?\}")
_UNICODE_CLASS: Final = 400
"""Parts of a class such as \\pL: RE2 writes it as ranges of UTF-8 bytes."""


def regex_size(pattern: str) -> int:
    """Return the number of parts. For a pattern that RE2 cannot read, it is as meaningless as the pattern."""
    groups: list[int] = []
    total = last = position = 0
    while position < len(pattern):
        counted = _COUNTED.match(pattern, position)
        if counted:
            times = max(1, *(int(times or 0) for times in counted.groups()))
            total += last * (times - 1)
            last *= times
            position = counted.end()
            continue
        match pattern[position]:
            case "(":
                groups.append(total)
                total, last, length = 0, 0, 1
            case ")":
                last, length = total + 1, 1
                total = (groups.pop() if groups else 0) + last
            case "[":
                last, length = _class(pattern, position)
                total += last
            case "\\":
                last, length = _escape(pattern, position)
                total += last
            case _:
                last, length = 1, 1
                total += 1
        position += length
    return total + sum(groups)


def _escape(pattern: str, start: int) -> tuple[int, int]:
    """Return the size of the escape at `start`, and its length."""
    following = pattern[start + 1 : start + 2]
    if following in ("p", "P"):
        size = _UNICODE_CLASS
    elif following == "Q":
        end = pattern.find("\\E", start)
        length = (len(pattern) if end < 0 else end) - start
        return length, length
    elif following == "x":
        size = 1
    else:
        return 1, 2
    if pattern[start + 2 : start + 3] == "{":
        end = pattern.find("}", start)
        return size, (len(pattern) if end < 0 else end + 1) - start
    return size, 4 if following == "x" else 3


def _class(pattern: str, start: int) -> tuple[int, int]:
    """Return the size of the class in brackets at `start`, and its length."""
    position = start + 1
    if pattern[position : position + 1] == "^":
        position += 1
    size, first = 1, position
    while position < len(pattern) and (pattern[position] != "]" or position == first):
        if pattern[position] == "\\":
            found, length = _escape(pattern, position)
        elif pattern.startswith("[:", position) and (end := pattern.find(":]", position)) > 0:
            found, length = 1, end + 2 - position
        else:
            found, length = 1, 1
        size += found
        position += length
    return size, position + 1 - start
