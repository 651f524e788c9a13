"""Cohorts over a few events, and the same cohorts computed in plain Python."""

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count, pairwise
from zoneinfo import ZoneInfo

from datasource.clickhouse.engine import Limits
from datasource.events.cohort_members import store_members
from datasource.layouts.native import NativeLayout
from datasource.sql.render import render
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import Query
from resolvers.trends.actions import Action
from resolvers.trends.behavior_query import MEMBER
from resolvers.trends.behaviors import Behavior, CohortBehaviorKind, CohortCountOperator, CohortInterval
from resolvers.trends.cohorts import CohortDefinition, CohortGroup, members
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.query import Cohort, PropertyFilter, PropertyOperator, PropertyType
from resolvers.trends.saved_objects import SavedObjects
from tests.support.seeds.events import NOW, Event, EventSeeds

_ids = count(1)

_COMPARED: Mapping[CohortCountOperator, Callable[[int, int], bool]] = {
    CohortCountOperator.EQ: lambda number, bound: number == bound,
    CohortCountOperator.GT: lambda number, bound: number > bound,
    CohortCountOperator.GTE: lambda number, bound: number >= bound,
    CohortCountOperator.LT: lambda number, bound: 0 < number < bound,
    CohortCountOperator.LTE: lambda number, bound: 0 < number <= bound,
}


@dataclass
class CohortSeeds:
    """Events, with the cohorts and actions that definitions can refer to."""

    seeds: EventSeeds
    now: datetime = NOW
    actions: dict[int, Action] = field(default_factory=dict)
    cohorts: dict[int, Cohort] = field(default_factory=dict)

    async def calculate(self, *groups: CohortGroup, cohort_id: int | None = None, version: int = 1) -> Cohort:
        """Store the members; later definitions can refer to the cohort."""
        project = self.seeds.project
        context = CompileContext(project.timezone, self.now, project.week_start, self.cohorts)
        query = members(CohortDefinition(groups), context, SavedObjects(self.actions, self.cohorts))
        cohort = Cohort(cohort_id or next(_ids), "cohort", version)
        assert query is not None
        await store_members(
            self.seeds.engine, project.id, cohort.id, version, query, person=MEMBER, limits=Limits(seconds=20)
        )
        self.cohorts[cohort.id] = cohort
        return cohort

    async def members(self, *groups: CohortGroup) -> set[int]:
        """Calculate a cohort and return the stored person numbers."""
        return await self.stored(await self.calculate(*groups))

    async def run(self, query: Query) -> list[object]:
        """Run a query with a single column and return its values."""
        statement = render(scope_to_project(NativeLayout().lower(query), self.seeds.project.id))
        (column,) = (await self.seeds.engine.query(statement.text, statement.params)).columns
        return column

    async def stored(self, cohort: Cohort) -> set[int]:
        answer = await self.seeds.engine.query(
            "SELECT person_no FROM cohort_members WHERE project_id = {project:UInt32} "
            "AND cohort_id = {cohort:UInt32} AND version = {version:UInt32}",
            {"project": self.seeds.project.id, "cohort": cohort.id, "version": cohort.version},
        )
        numbers = [int(str(number)) for number in answer.columns[0]]
        assert len(numbers) == len(set(numbers)), "a member is stored once"
        return set(numbers)


def did(behavior: Behavior, events: Sequence[Event], now: datetime, timezone: str) -> set[int]:
    """The persons who match a behavior, computed for one person at a time."""
    moments: dict[int, list[datetime]] = {}
    following: dict[int, list[datetime]] = {}
    for event in events:
        if event.moment <= now and event.name == behavior.event:
            moments.setdefault(event.person, []).append(event.moment)
        if event.moment <= now and event.name == behavior.seq_event:
            following.setdefault(event.person, []).append(event.moment)
    judge = Judge(behavior, now, timezone)
    return {person for person, seen in moments.items() if judge.did(sorted(seen), following.get(person, []))}


@dataclass
class Judge:
    behavior: Behavior
    now: datetime
    timezone: str

    def did(self, seen: list[datetime], following: list[datetime]) -> bool:
        behavior = self.behavior
        start = self.earlier(self.now, behavior.time_value, behavior.time_interval)
        recent = [moment for moment in seen if moment >= start]
        match behavior.kind:
            case CohortBehaviorKind.PERFORMED_EVENT:
                return bool(recent)
            case CohortBehaviorKind.PERFORMED_EVENT_MULTIPLE:
                return self.compared(len(recent))
            case CohortBehaviorKind.PERFORMED_EVENT_FIRST_TIME:
                return seen[0] >= start
            case CohortBehaviorKind.PERFORMED_EVENT_REGULARLY:
                return sum(map(self.compared, self.by_period(seen))) >= (behavior.min_periods or 0)
            case CohortBehaviorKind.PERFORMED_EVENT_SEQUENCE:
                return any(one < other <= self.later(one) for one in recent for other in following)
        border = self.earlier(self.now, behavior.seq_time_value, behavior.seq_time_interval)
        before = any(start <= moment < border for moment in seen)
        lately = any(moment >= border for moment in seen)
        if behavior.kind is CohortBehaviorKind.STOPPED_PERFORMING_EVENT:
            return before and not lately
        return seen[0] < start and not before and lately

    def compared(self, number: int) -> bool:
        assert self.behavior.count_operator is not None
        assert self.behavior.count is not None
        return number > 0 and _COMPARED[self.behavior.count_operator](number, self.behavior.count)

    def by_period(self, seen: list[datetime]) -> list[int]:
        behavior = self.behavior
        local = self.now.astimezone(self.zone)
        today = datetime.combine(local.date(), time.min, self.zone)
        total, value = behavior.total_periods or 0, behavior.time_value or 0
        borders = [self.earlier(today, value * number, behavior.time_interval) for number in range(total, -1, -1)]
        return [sum(start <= moment < end for moment in seen) for start, end in pairwise(borders)]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def earlier(self, moment: datetime, value: int | None, interval: CohortInterval | None) -> datetime:
        return self._moved(moment, -(value or 0), interval)

    def later(self, moment: datetime) -> datetime:
        return self._moved(moment, self.behavior.seq_time_value or 0, self.behavior.seq_time_interval)

    def _moved(self, moment: datetime, value: int, interval: CohortInterval | None) -> datetime:
        assert interval is not None
        if interval in (CohortInterval.MINUTE, CohortInterval.HOUR):
            unit = timedelta(minutes=1) if interval is CohortInterval.MINUTE else timedelta(hours=1)
            return moment.astimezone(UTC) + unit * value
        local = moment.astimezone(self.zone)
        if interval in (CohortInterval.DAY, CohortInterval.WEEK):
            days = 7 if interval is CohortInterval.WEEK else 1
            return (local + timedelta(days=days * value)).astimezone(UTC)
        months = local.year * 12 + local.month - 1 + value * (12 if interval is CohortInterval.YEAR else 1)
        year, month = divmod(months, 12)
        day = min(local.day, monthrange(year, month + 1)[1])
        return local.replace(year=year, month=month + 1, day=day).astimezone(UTC)


def group(*criteria: PropertyFilter | Behavior) -> CohortGroup:
    return CohortGroup(
        tuple(item for item in criteria if isinstance(item, PropertyFilter)),
        tuple(item for item in criteria if isinstance(item, Behavior)),
    )


def person(
    key: str, value: str | int | None, operator: PropertyOperator = PropertyOperator.EXACT
) -> PropertyFilter:
    return PropertyFilter(key, value, operator, PropertyType.PERSON)


def inside(cohort: Cohort, operator: PropertyOperator = PropertyOperator.IN) -> PropertyFilter:
    return PropertyFilter("id", cohort.id, operator, PropertyType.COHORT)
