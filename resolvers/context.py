"""What a request carries from its start to its answer."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from strawberry.dataloader import DataLoader

from datasource.clickhouse.engine import Engine, Limits
from datasource.metadata.actions import find_actions
from datasource.metadata.cohorts import find_cohorts, find_distinct_ids
from datasource.metadata.insights import find_insights
from datasource.metadata.members import find_members
from datasource.metadata.reach import projects_in_reach_by_id
from datasource.metadata.records import ActionRecord, CohortRecord, InsightRecord, MemberRecord, ProjectRecord
from datasource.metadata.saved import SavedKey
from datasource.metadata.store import MetadataStore
from errors import ErrorCode, GatewayError
from permissions.authenticate import authenticate
from permissions.caller import Caller
from permissions.classes import require_caller
from settings import Settings

Key = TypeVar("Key")
Value = TypeVar("Value")


class TrendBudget:
    """How many trends one request may still run: a list of projects would multiply them without an end."""

    def __init__(self, trends: int) -> None:
        self._allowed = trends
        self._left = trends

    def spend(self) -> None:
        """Raises QUERY_TOO_EXPENSIVE once the request has had its share."""
        if not self._left:
            raise GatewayError(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                f"One request may ask for {self._allowed} trends.",
                hint="Send several requests, or ask for fewer projects at once.",
                details={"limit": self._allowed},
            )
        self._left -= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """Who asks, when, and what there is to answer with. `now` is in UTC and the request's only clock.

    Exactly one of `caller` and `authentication_error` is set.
    """

    request_id: str
    now: datetime
    settings: Settings
    store: MetadataStore = field(repr=False)
    engine: Engine = field(repr=False)
    limits: Limits
    trend_budget: TrendBudget = field(repr=False)
    projects: DataLoader[int, ProjectRecord | None] = field(repr=False)
    # Loaders below ask nobody for leave: a project in a key is one that `projects` answered.
    actions: DataLoader[SavedKey, ActionRecord | None] = field(repr=False)
    insights: DataLoader[SavedKey, InsightRecord | None] = field(repr=False)
    cohorts: DataLoader[SavedKey, CohortRecord | None] = field(repr=False)
    cohort_lists: DataLoader[SavedKey, tuple[str, ...] | None] = field(repr=False)
    members: DataLoader[str, MemberRecord | None] = field(repr=False)
    caller: Caller | None
    authentication_error: GatewayError | None
    # As the client wrote them, before they are coerced; the schema fills them in.
    sent_variables: dict[str, object] = field(default_factory=dict, repr=False)


async def open_context(
    *,
    request_id: str,
    authorization: str | None,
    now: datetime,
    settings: Settings,
    store: MetadataStore,
    engine: Engine,
) -> RequestContext:
    """The context of a request with that Authorization header. A refused key is told to guarded fields only."""
    caller, refusal = await _identify(store, authorization, now)
    return RequestContext(
        request_id=request_id,
        now=now,
        settings=settings,
        store=store,
        engine=engine,
        limits=Limits(
            seconds=settings.query_timeout_s,
            rows_to_read=settings.query_max_rows,
            memory_bytes=settings.query_max_memory,
        ),
        trend_budget=TrendBudget(settings.max_trends),
        projects=DataLoader(ProjectsInReach(store, caller, refusal).load),
        actions=_batched(store, find_actions),
        insights=_batched(store, find_insights),
        cohorts=_batched(store, find_cohorts),
        cohort_lists=_batched(store, find_distinct_ids),
        members=_batched(store, find_members),
        caller=caller,
        authentication_error=refusal,
    )


@dataclass(frozen=True, slots=True)
class ProjectsInReach:
    """Loads the projects that one caller reaches, many at once; None for every other id."""

    store: MetadataStore
    caller: Caller | None
    authentication_error: GatewayError | None

    async def load(self, project_ids: list[int]) -> list[ProjectRecord | None]:
        """One answer per id, in the same order."""
        found = await projects_in_reach_by_id(self.store, require_caller(self), project_ids)
        return [found.get(project_id) for project_id in project_ids]


def _batched(
    store: MetadataStore, find: Callable[[MetadataStore, Collection[Key]], Awaitable[Mapping[Key, Value]]]
) -> DataLoader[Key, Value | None]:
    async def load(keys: list[Key]) -> list[Value | None]:
        found = await find(store, keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)


async def _identify(
    store: MetadataStore, authorization: str | None, now: datetime
) -> tuple[Caller | None, GatewayError | None]:
    try:
        return await authenticate(store, authorization, now=now), None
    except GatewayError as refusal:
        return None, refusal
