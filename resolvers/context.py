"""What a request carries from its start to its response."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from datasource.clickhouse.engine import Engine, Limits
from datasource.clickhouse.open_engine import query_limits
from datasource.layouts.contract import EventLayout
from datasource.metadata.store import MetadataStore
from errors import ErrorCode, GatewayError, NotFound, Place
from permissions.authenticate import LinkedKey, authenticate, authenticate_link
from permissions.caller import Caller
from permissions.enforce import require_caller
from permissions.reach import ReachedProject
from resolvers.budget import RequestBudget
from resolvers.ids import read_id
from resolvers.loaders import Loaders, open_loaders
from resolvers.rate_limit import RateLimiter
from resolvers.stores import Stores
from settings import Settings
from telemetry.request import KEY_ID, Operation, OperationReport, no_op

Credentials = str | LinkedKey | None
"""An Authorization header, the key that a signed link carries, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """The caller, the clock, and the stores. `now` is in UTC and the request's only clock.

    Exactly one of `caller` and `authentication_error` is set.
    """

    request_id: str
    now: datetime
    settings: Settings
    stores: Stores = field(repr=False)
    layout: EventLayout = field(repr=False)
    limits: Limits
    budget: RequestBudget = field(repr=False)
    loaders: Loaders = field(repr=False)
    caller: Caller | None
    authentication_error: GatewayError | None
    raw_variables: dict[str, object] = field(default_factory=dict, repr=False)
    """As the client wrote them, before they are coerced; the schema fills them in."""
    operation: Operation = field(default_factory=Operation)
    report: Callable[[OperationReport], None] = field(default=no_op, repr=False)

    @property
    def store(self) -> MetadataStore:
        return self.stores.metadata

    @property
    def engine(self) -> Engine:
        return self.stores.events

    async def reach(self, project_id: str) -> ReachedProject:
        """Return a project as the caller reaches it.

        Raises FORBIDDEN where the key or the project's rules exclude a member of its organization, and NOT_FOUND,
        in the same words, for malformed ids, unknown ids and projects of other organizations.
        """
        number = read_id(project_id)
        if number is None:
            raise no_such_project()
        reached = await self.loaders.projects.load(number)
        if reached is None:
            await self._check_key_reaches(number)
            raise no_such_project()
        return reached

    async def _check_key_reaches(self, project_id: int) -> None:
        caller = require_caller(self)
        projects = caller.reach.project_ids
        if projects is not None and project_id not in projects:
            raise _out_of_scope("This API key has no access to project {id}.", project_id)
        found = await self.loaders.owner_projects.load(project_id)
        if found is None:
            return
        if not found.policy.can_reach_project():
            raise GatewayError(
                ErrorCode.FORBIDDEN,
                "You have no access to project {id}.",
                id=project_id,
                hint="Ask an admin of its organization for access.",
            )
        membership = caller.user.membership_in(found.record.organization_id) if caller.user else None
        if membership is not None and caller.is_locked_out(membership):
            raise _out_of_scope("The organization of project {id} only accepts API keys of admins.", project_id)
        raise _out_of_scope("This API key has no access to the organization of project {id}.", project_id)


async def open_context(
    stores: Stores,
    settings: Settings,
    credentials: Credentials,
    now: datetime,
    request_id: str,
    *,
    rate_limiter: RateLimiter | None = None,
    report: Callable[[OperationReport], None] = no_op,
) -> RequestContext:
    """Authenticate the caller and open the context of a request. Guarded fields raise for rejected credentials.

    `report` is called when a GraphQL operation has ended.
    """
    caller, error = await _authenticate(stores.metadata, credentials, now)
    KEY_ID.set(caller.key_id if caller else None)
    return RequestContext(
        request_id=request_id,
        now=now,
        settings=settings,
        stores=stores,
        layout=await stores.layouts.at(now),
        limits=query_limits(settings),
        budget=RequestBudget(
            # More than a full minute's cost would have to wait forever.
            max_cost=min(settings.max_query_cost, settings.cost_per_minute or settings.max_query_cost),
            max_trends=settings.max_trends,
            now=now,
            rate_limiter=rate_limiter,
            key_id=caller.key_id if caller else None,
        ),
        loaders=open_loaders(stores.metadata, caller, error),
        caller=caller,
        authentication_error=error,
        report=report,
    )


def no_such_project() -> NotFound:
    """Return the error for every id that is not a project in reach, whatever the reason."""
    return NotFound("Project not found, or this API key has no access to it.", hint=Place.PROJECTS)


def _out_of_scope(template: str, project_id: int) -> GatewayError:
    return GatewayError(ErrorCode.FORBIDDEN, template, id=project_id, hint=Place.PROJECTS)


async def _authenticate(
    store: MetadataStore, credentials: Credentials, now: datetime
) -> tuple[Caller | None, GatewayError | None]:
    try:
        if isinstance(credentials, LinkedKey):
            return await authenticate_link(store, credentials, now=now), None
        return await authenticate(store, credentials, now=now), None
    except GatewayError as error:
        return None, error
