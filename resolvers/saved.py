"""The resource behind saved actions, insights and cohorts: loading, listing and deleting what a caller may."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from strawberry.dataloader import DataLoader

from datasource.metadata.records import SavedPage, SavedRecord
from datasource.metadata.saved import SavedKey, SavedRepository, Visible
from errors import BadUserInput, Name, NotFound, Place
from permissions.enforce import READ, WRITE, check_object, controlled, require_caller
from permissions.reach import ReachedProject
from permissions.resources import ACTION, COHORT, INSIGHT, Resource
from resolvers.context import RequestContext
from resolvers.ids import read_id

Record = TypeVar("Record", bound=SavedRecord)

LARGEST_PAGE = 500
LONGEST_SEARCH = 400

_PLACES = {ACTION: Place.ACTIONS, COHORT: Place.COHORTS, INSIGHT: Place.INSIGHTS}


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page of a list: the first objects with an id above `after` whose name contains `search`.

    `includes_hidden` shows organization admins what access controls hide from lists.
    """

    first: int
    after: int | None = None
    search: str | None = None
    includes_hidden: bool = False


@dataclass(frozen=True, slots=True)
class SavedResource(Generic[Record]):
    """One kind of saved object. Creating and updating differ by kind and have functions of their own."""

    resource: Resource
    repository: SavedRepository[Any, Record]
    loader: Callable[[RequestContext], DataLoader[SavedKey, Record | None]]

    async def load(
        self, context: RequestContext, project: ReachedProject, object_id: str, to: str = READ
    ) -> Record:
        """Load an object that the caller may read or, for "write", change.

        Raises FORBIDDEN, and NOT_FOUND for an id that is malformed, unknown, deleted or of another project.
        """
        number = read_id(object_id)
        record = None if number is None else await self.loader(context).load((project.record.id, number))
        return open_saved(project, self.resource, record, to)

    async def list_page(
        self, context: RequestContext, project: ReachedProject, page: PageRequest
    ) -> SavedPage[Record]:
        """List the objects that the caller may see. Raises BadUserInput for a page out of range."""
        return await self.repository.list_page(
            context.store,
            project.record.id,
            first=page.first,
            after=page.after,
            search=check_page(page.first, page.search),
            visible=visible(project, self.resource, includes_hidden=page.includes_hidden),
        )

    def refresh(self, context: RequestContext, key: SavedKey, record: Record | None) -> Record:
        """Show the rest of the request what a change returned. Raises NOT_FOUND if it found no row to change."""
        self.loader(context).prime(key, record, force=True)
        if record is None:
            raise not_found(self.resource)
        return record

    async def delete(self, context: RequestContext, project: ReachedProject, object_id: str) -> None:
        """Delete an object. Raises as `load` does, also when it is already deleted."""
        record = await self.load(context, project, object_id, to=WRITE)
        key = (project.record.id, record.id)
        actor = require_caller(context).actor
        if not await self.repository.delete(context.store, key, now=context.now, actor=actor):
            raise not_found(self.resource)
        self.loader(context).prime(key, None, force=True)
        # The rules about it are gone too, and the project's policy still holds them.
        context.loaders.projects.clear(project.record.id)


def open_saved(project: ReachedProject, resource: Resource, record: Record | None, to: str) -> Record:
    """Check that there is a record and that the caller may read or change it. Raises NOT_FOUND and FORBIDDEN."""
    if record is None:
        raise not_found(resource)
    check_object(project.policy, controlled(resource, record), to)
    return record


def not_found(resource: Resource) -> NotFound:
    """The error for an id that is malformed, unknown, deleted or of another project, all in the same words."""
    return NotFound("The project has no {kind} with this id.", kind=resource.label, hint=_PLACES.get(resource))


def visible(project: ReachedProject, resource: Resource, *, includes_hidden: bool) -> Visible:
    """What a list shows to the caller; `includes_hidden` has an effect for organization admins only."""
    shown = project.policy.list_filter(resource, includes_all_for_admins=includes_hidden)
    return Visible(
        only=None if shown.only is None else _numbers(shown.only),
        hidden=_numbers(shown.hidden),
        creator=shown.creator,
    )


def check_page(first: int, search: str | None) -> str:
    """The string to search for. Raises BadUserInput for arguments of a list that are out of range."""
    if not 1 <= first <= LARGEST_PAGE:
        raise BadUserInput(
            "{name} must be from 1 to {most}, not {first}.",
            name=Name("first"),
            most=LARGEST_PAGE,
            first=first,
            path=("first",),
        )
    text = search or ""
    if len(text) > LONGEST_SEARCH:
        raise BadUserInput(
            "{name} has {length} characters; at most {most} are allowed.",
            name=Name("search"),
            length=len(text),
            most=LONGEST_SEARCH,
            path=("search",),
        )
    if "\0" in text:
        raise BadUserInput("{name} contains a NUL character.", name=Name("search"), path=("search",))
    return text


def _numbers(ids: frozenset[str]) -> frozenset[int]:
    return frozenset(number for number in map(read_id, ids) if number is not None)
