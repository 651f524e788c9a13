import unicodedata

from datasource.metadata.models import NAME_LENGTH
from errors import BadUserInput


def check_name(name: str, *, what: str) -> str:
    """The name without outer blanks; it must be there, short, and of printable characters."""
    trimmed = name.strip()
    if not trimmed:
        raise BadUserInput(f"The name of the {what} is empty.", path=("name",))
    if len(trimmed) > NAME_LENGTH:
        raise BadUserInput(
            f"The name of the {what} has {len(trimmed)} characters; {NAME_LENGTH} are allowed.",
            path=("name",),
        )
    if not trimmed.isprintable():
        raise BadUserInput(f"The name of the {what} has characters that cannot be printed.", path=("name",))
    return trimmed


def name_order(name: str) -> tuple[str, str]:
    """Sorts names whatever their case. Stores do not sort texts: each has an order of its own."""
    return unicodedata.normalize("NFC", name).casefold(), name
