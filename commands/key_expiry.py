"""The expiry of a key, as an operator writes it."""

import re
from datetime import UTC, datetime, timedelta

from errors import BadUserInput

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
DURATION = re.compile(r"([1-9][0-9]{0,6})([hdw])", re.ASCII)


def parse_expiry(text: str, now: datetime) -> datetime:
    """Read a duration from now (36h, 90d, 52w), a date (midnight UTC) or a time (UTC by default).

    Raises BadUserInput for anything else.
    """
    text = text.strip()
    try:
        if duration := DURATION.fullmatch(text):
            return (now + int(duration[1]) * UNITS[duration[2]]).replace(microsecond=0)
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise BadUserInput(
            "Invalid expiry {text!r}.",
            text=text,
            hint="Use a duration such as 36h, 90d or 52w, or a date or time in UTC such as 2027-01-31.",
        ) from exc
