"""What everything saved in a project has in common: ids and pages, as clients ask for them."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from datasource.metadata.records import SavedPage, SavedRecord
from datasource.metadata.saved import Visible
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound
from permissions.enforce import check_object, controlled
from permissions.reach import ReachedProject
from permissions.resources import Resource
from resolvers.context import RequestContext
from resolvers.ids import read_id

Saved = TypeVar("Saved", bound=SavedRecord)
Listed = TypeVar("Listed", bound=SavedRecord)

LARGEST_PAGE = 500
LONGEST_SEARCH = 400


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


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list: the first ones with an id greater than `after` whose name has the text in it.

    `includes_hidden`: for organization admins also what access controls hide from lists.
    """

    first: int
    after: int | None = None
    search: str | None = None
    includes_hidden: bool = False


class ListFunction(Protocol[Listed]):
    """How the metadata store lists one kind of saved things."""

    def __call__(
        self,
        store: MetadataStore,
        project_id: int,
        *,
        first: int,
        after: int | None,
        search: str,
        visible: Visible,
    ) -> Awaitable[SavedPage[Listed]]: ...


async def list_saved(
    context: RequestContext,
    project: ReachedProject,
    resource: Resource,
    find_page: ListFunction[Listed],
    wanted: PageRequest,
) -> SavedPage[Listed]:
    """Those that the caller finds listed. Raises BadUserInput for a request out of range."""
    return await find_page(
        context.store,
        project.record.id,
        first=wanted.first,
        after=wanted.after,
        search=check_page(wanted.first, wanted.search),
        visible=visible(project, resource, includes_hidden=wanted.includes_hidden),
    )


def open_saved(project: ReachedProject, resource: Resource, record: Saved | None, to: str) -> Saved:
    """The record, when the caller may read or change it. Raises NOT_FOUND without one, and FORBIDDEN."""
    if record is None:
        raise no_such(resource)
    check_object(project.policy, controlled(resource, record), to)
    return record


def no_such(resource: Resource) -> NotFound:
    """The refusal of whatever is none of the project's."""
    return not_found(resource.label, f"The field Project.{resource.labels} lists those that are.")


def visible(project: ReachedProject, resource: Resource, *, includes_hidden: bool) -> Visible:
    """What of a resource a list shows to the caller; `includes_hidden` counts for organization admins."""
    shown = project.policy.list_filter(resource, includes_all_for_admins=includes_hidden)
    return Visible(
        only=None if shown.only is None else _numbers(shown.only),
        hidden=_numbers(shown.hidden),
        creator=shown.creator,
    )


def _numbers(ids: frozenset[str]) -> frozenset[int]:
    return frozenset(number for number in map(read_id, ids) if number is not None)
