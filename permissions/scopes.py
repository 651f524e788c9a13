"""Scopes of API keys: object ":" action, or "*" for everything. `read` is short for all scopes that read."""

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from itertools import chain

from errors import BadUserInput, Message
from permissions.resources import known_resources

EVERYTHING = "*"
ALL_READ = "read"
"""Replaced by the scopes that it stands for when it is given, so that a later version adds none to an old key."""
ACTIONS = ("read", "write")
OTHER_OBJECTS = ("access_control", "event_definition", "person", "property_definition", "query", "user")
"""Objects of scopes without access rules; every registered resource is an object too."""


def known_scopes() -> tuple[str, ...]:
    """Return all scopes except `*`, in alphabetical order."""
    names = sorted({*OTHER_OBJECTS, *(resource.name for resource in known_resources())})
    return tuple(f"{name}:{action}" for name in names for action in ACTIONS)


def read_scopes() -> tuple[str, ...]:
    """Return all scopes that read, in alphabetical order."""
    return tuple(scope for scope in known_scopes() if scope.endswith(":read"))


def check_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes without duplicates, with those that `read` stands for in its place.

    Raises BadUserInput for unknown scopes and an empty list.
    """
    known = known_scopes()
    spelled = (read_scopes() if scope == ALL_READ else (scope,) for scope in scopes)
    checked = tuple(dict.fromkeys(chain.from_iterable(spelled)))
    for scope in checked:
        if scope != EVERYTHING and scope not in known:
            raise BadUserInput(
                "Unknown scope {scope!r}.", scope=scope, path=("scopes",), hint=_valid_scopes(scope)
            )
    if not checked:
        raise BadUserInput(
            "A key needs at least one scope.",
            path=("scopes",),
            hint=Message("Valid scopes: {scopes}.", {"scopes": _all_scopes()}),
        )
    return checked


def missing_scopes(granted: Collection[str], required: Sequence[str]) -> tuple[str, ...]:
    """Return the required scopes that no granted scope covers, in the given order."""
    if EVERYTHING in granted:
        return ()
    return tuple(scope for scope in dict.fromkeys(required) if not _is_covered(scope, granted))


def scopes_meeting(required: str) -> tuple[str, ...]:
    """Return the scopes that cover the required one, narrowest first."""
    name, _, action = required.partition(":")
    wider = (f"{name}:write",) if action == "read" else ()
    return (required, *wider, EVERYTHING)


def _is_covered(required: str, granted: Collection[str]) -> bool:
    return any(scope in granted for scope in scopes_meeting(required))


def _valid_scopes(unknown: str) -> Message:
    close = get_close_matches(unknown.lower(), known_scopes(), n=1, cutoff=0.7)
    if close:
        return Message(
            "Did you mean {close}? Valid scopes: {scopes}.", {"close": close[0], "scopes": _all_scopes()}
        )
    return Message("Valid scopes: {scopes}.", {"scopes": _all_scopes()})


def _all_scopes() -> tuple[str, ...]:
    return (*known_scopes(), ALL_READ, EVERYTHING)
