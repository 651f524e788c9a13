"""What everything saved in a project has in common: ids as clients write them, pages, who made it."""

import re

from datasource.metadata.records import MemberRecord, ProjectRecord, SavedRecord
from errors import BadUserInput, NotFound
from resolvers.context import RequestContext

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


async def load_creator(
    context: RequestContext, project: ProjectRecord, record: SavedRecord
) -> MemberRecord | None:
    """Who made it, while they are a member of the project's organization; otherwise nobody is told of them."""
    if record.created_by is None:
        return None
    member = await context.members.load(record.created_by)
    if member is None or member.level_in(project.organization_id) is None:
        return None
    return member
