"""Which HogQL expressions depend on the clock."""

import re
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

_NOW: Final = re.compile(r"\bnow\b", re.IGNORECASE)
_TODAY: Final = re.compile(r"\b(today|yesterday)\b", re.IGNORECASE)


def clock_of(expression: str, now: datetime, timezone: ZoneInfo) -> datetime | date | None:
    """Return what the expression may see of the clock: the minute, the day, or nothing.

    The expression is searched, not parsed: a property named `now` merely makes the answer finer than necessary.
    """
    if _NOW.search(expression):
        return now.replace(second=0, microsecond=0)
    return now.astimezone(timezone).date() if _TODAY.search(expression) else None
