"""What everything saved in a project has in common: ids and pages, as clients ask for them."""

import re

from errors import BadUserInput, NotFound

LARGEST_PAGE = 500
LONGEST_SEARCH = 400

_ID = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


def read_id(text: str) -> int | None:
    """The number of an id, None for a text that is none."""
    return int(text) if _ID.fullmatch(text) else None


def not_found(what: str, hint: str) -> NotFound:
    """The refusal of an id that is malformed, unknown, deleted or of another project, all in the same words."""
    return NotFound(f"There is no such {what} in the project.", hint=hint)


def check_page(first: int, search: str | None) -> str:
    """The text to search for. Raises BadUserInput for arguments of a list that cannot be used."""
    if not 1 <= first <= LARGEST_PAGE:
        raise BadUserInput(f"first is 1 to {LARGEST_PAGE}, not {first}.", path=("first",))
    text = search or ""
    if len(text) > LONGEST_SEARCH or "\0" in text:
        raise BadUserInput(
            f"search is a text of at most {LONGEST_SEARCH} characters, none of them NUL.", path=("search",)
        )
    return text
