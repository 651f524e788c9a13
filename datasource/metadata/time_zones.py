from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from errors import BadUserInput


@cache
def known_time_zones() -> frozenset[str]:
    # These two name no zone of their own: one is the machine's, the other a placeholder.
    return frozenset(available_timezones() - {"localtime", "Factory"})


def check_time_zone(name: str) -> str:
    """The name itself, when it is an IANA time zone."""
    if name in known_time_zones():
        return name
    raise BadUserInput(f"{name!r} is not a time zone.", path=("timezone",), hint=_suggestion(name))


def _suggestion(name: str) -> str:
    by_lower_case = {known.lower(): known for known in known_time_zones()}
    wanted = name.lower().replace(" ", "_")
    close = get_close_matches(wanted, by_lower_case, n=1, cutoff=0.7)
    if close:
        return f"Did you mean {by_lower_case[close[0]]}?"
    return "Give an IANA name such as UTC, Europe/Berlin or America/New_York."
