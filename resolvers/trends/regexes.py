"""Regular expressions of clients, read before any statement contains them.

Arrow compiles them with RE2, as ClickHouse does, so an unreadable one is an error of its input here, with RE2's
reason, rather than a failure in the middle of a query.
"""

from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from errors import BadUserInput, Message
from resolvers.trends.query import InputPath

HINT = "Use RE2 syntax, which has neither look-around nor backreferences."

# Not pa.array([""]), which imports pandas: half a second at every start.
_NOTHING = pa.nulls(1, pa.string())
_PREFIX = "Invalid regular expression: "
_LONGEST_PART = 60


def check_regex(pattern: str, path: InputPath) -> None:
    """Raise BadUserInput, at `path`, for a pattern that RE2 cannot read."""
    problem = regex_problem(pattern)
    if problem is not None:
        raise BadUserInput("Invalid regular expression: {problem}.", problem=problem, path=path, hint=HINT)


@lru_cache(maxsize=1000)
def regex_problem(pattern: str) -> Message | None:
    """RE2's reason why it cannot read a pattern, whose size must be checked; None if it can."""
    try:
        pc.match_substring_regex(_NOTHING, pattern)
    except pa.ArrowInvalid as failure:
        reason, _, part = str(failure).removeprefix(_PREFIX).partition(": ")
        if not part:
            return Message("{reason}", {"reason": reason})
        short = part if len(part) <= _LONGEST_PART else f"{part[:_LONGEST_PART]}..."
        return Message("{reason} in `{part}`", {"reason": reason, "part": short})
    return None


def is_replacement(pattern: str, replacement: str) -> bool:
    """Whether a replacement refers only to groups that the pattern, a readable one, has."""
    try:
        pc.replace_substring_regex(_NOTHING, pattern, replacement)
    except pa.ArrowInvalid:
        return False
    return True
