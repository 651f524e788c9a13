"""What a key may be used for: object ":" action, or "*" for everything."""

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

from errors import BadUserInput
from permissions.resources import known_resources

EVERYTHING = "*"
ACTIONS = ("read", "write")
OTHER_OBJECTS = ("access_control", "event_definition", "person", "property_definition", "query", "user")
"""Objects of scopes on which no access is controlled; every resource of the registry is one too."""


def known_scopes() -> tuple[str, ...]:
    """Every scope but `*`, in alphabetical order."""
    names = sorted({*OTHER_OBJECTS, *(resource.name for resource in known_resources())})
    return tuple(f"{name}:{action}" for name in names for action in ACTIONS)


def check_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """The scopes without repetitions, in the order given; refused are unknown ones and having none."""
    checked = tuple(dict.fromkeys(scopes))
    known = known_scopes()
    for scope in checked:
        if scope != EVERYTHING and scope not in known:
            raise BadUserInput(f"{scope!r} is not a scope.", path=("scopes",), hint=_valid_scopes(scope))
    if not checked:
        raise BadUserInput(
            "A key without scopes can do nothing.", path=("scopes",), hint=f"Scopes are {_listed_scopes()}."
        )
    return checked


def missing_scopes(granted: Collection[str], required: Sequence[str]) -> tuple[str, ...]:
    """Those of the required scopes that nothing granted meets, in the order required."""
    if EVERYTHING in granted:
        return ()
    return tuple(scope for scope in dict.fromkeys(required) if not _is_met(scope, granted))


def scopes_meeting(required: str) -> tuple[str, ...]:
    """Every scope that meets the required one, the narrowest first."""
    name, _, action = required.partition(":")
    wider = (f"{name}:write",) if action == "read" else ()
    return (required, *wider, EVERYTHING)


def _is_met(required: str, granted: Collection[str]) -> bool:
    return any(scope in granted for scope in scopes_meeting(required))


def _valid_scopes(wrong: str) -> str:
    close = get_close_matches(wrong.lower(), known_scopes(), n=1, cutoff=0.7)
    suggestion = f"Did you mean {close[0]}? " if close else ""
    return f"{suggestion}Scopes are {_listed_scopes()}."


def _listed_scopes() -> str:
    return f"{', '.join(known_scopes())} and {EVERYTHING}"
