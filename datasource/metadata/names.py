"""Rules for names. Databases sort and compare strings in different ways, so the gateway does both itself."""

import unicodedata

from datasource.metadata.models import NAME_LENGTH
from errors import BadUserInput


def check_name(name: str, *, what: str) -> str:
    """Strip a name of outer spaces. Raises BadUserInput for one that is empty, too long or not printable."""
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
    if not trimmed.isprintable():
        raise BadUserInput(
            "The name of the {what} contains characters that are not printable.", what=what, path=("name",)
        )
    return trimmed


def sort_key(name: str) -> tuple[str, str]:
    """Sort names alphabetically, ignoring case."""
    return unicodedata.normalize("NFC", name).casefold(), name


def search_key(text: str) -> str:
    """Fold a string to what all its spellings in upper and lower case have in common."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
