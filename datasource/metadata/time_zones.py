from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from errors import BadUserInput, Message

_LONGEST = 100
"""Characters of a name that is compared with the known ones."""


@cache
def known_time_zones() -> frozenset[str]:
    # Neither is a zone: one is whatever this machine is set to, the other a placeholder.
    return frozenset(available_timezones() - {"localtime", "Factory"})


def check_time_zone(name: str) -> str:
    """Return the name. Raises BadUserInput unless it is an IANA time zone."""
    if name in known_time_zones():
        return name
    raise BadUserInput("Unknown time zone {name!r}.", name=name, path=("timezone",), hint=_suggest(name))


def _suggest(name: str) -> str | Message:
    by_lower_case = {known.lower(): known for known in known_time_zones()}
    wanted = name[:_LONGEST].lower().replace(" ", "_")
    close = get_close_matches(wanted, by_lower_case, n=1, cutoff=0.7)
    if close:
        return Message("Did you mean {zone}?", {"zone": by_lower_case[close[0]]})
    return "Use an IANA name such as UTC, Europe/Berlin or America/New_York."
