"""Rules for names. Databases sort and compare strings in different ways, so the gateway does both itself."""

import unicodedata

from datasource.metadata.models import NAME_LENGTH
from errors import BadUserInput

_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTIONS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


def check_name(name: str, *, what: str) -> str:
    """Strip a name of outer spaces.

    Raises BadUserInput for one that is empty or too long, or contains a control character.
    """
    trimmed = name.strip()
    if not trimmed:
        raise BadUserInput("The name of the {what} is empty.", what=what, path=("name",))
    if len(trimmed) > NAME_LENGTH:
        raise BadUserInput(
            "The name of the {what} has {length} characters; at most {limit} are allowed.",
            what=what,
            length=len(trimmed),
            limit=NAME_LENGTH,
            path=("name",),
        )
    control = find_control_character(trimmed)
    if control is not None:
        raise BadUserInput(
            "The name of the {what} contains the control character {control}.",
            what=what,
            control=control,
            path=("name",),
        )
    return trimmed


def find_control_character(text: str, *, allowed: str = "") -> str | None:
    """Return the code of the first character that controls a terminal, ends a line, or reverses its order.

    Joiners, as in many emoji, and spaces of any width are no such characters.
    """
    for character in text:
        is_control = unicodedata.category(character) in _CONTROLS or character in _DIRECTIONS
        if is_control and character not in allowed:
            return f"U+{ord(character):04X}"
    return None


def sort_key(name: str) -> tuple[str, str]:
    """Sort names alphabetically, ignoring case."""
    return unicodedata.normalize("NFC", name).casefold(), name


def search_key(text: str) -> str:
    """Fold a string to what all its spellings in upper and lower case have in common."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
