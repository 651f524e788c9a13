"""The query of the persons who behave in a certain way."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from datasource.layouts.contract import EVENT, PERSON, TIMESTAMP
from datasource.sql.tree import (
    Call,
    Column,
    Derived,
    Events,
    Expr,
    Infix,
    Join,
    Lambda,
    Named,
    Number,
    Param,
    Select,
    call,
    compare,
    equals,
    every,
)
from errors import BadUserInput
from resolvers.trends.actions import action_condition
from resolvers.trends.behaviors import (
    MOST_PERIODS,
    Behavior,
    CohortBehaviorKind,
    CohortCountOperator,
    CohortInterval,
    Span,
    check_parts,
)
from resolvers.trends.catalog import Catalog
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.dates import read_date, start_of_day
from resolvers.trends.filters import group_condition
from resolvers.trends.query import FilterGroup

MEMBER = "person"
"""The column of the persons."""

_LETTERS = {
    CohortInterval.MINUTE: "M",
    CohortInterval.HOUR: "h",
    CohortInterval.DAY: "d",
    CohortInterval.WEEK: "w",
    CohortInterval.MONTH: "m",
    CohortInterval.YEAR: "y",
}
_LATER = {
    CohortInterval.MINUTE: "addMinutes",
    CohortInterval.HOUR: "addHours",
    CohortInterval.DAY: "addDays",
    CohortInterval.WEEK: "addWeeks",
    CohortInterval.MONTH: "addMonths",
    CohortInterval.YEAR: "addYears",
}
_SIGNS = {
    CohortCountOperator.EQ: "=",
    CohortCountOperator.GT: ">",
    CohortCountOperator.GTE: ">=",
    CohortCountOperator.LT: "<",
    CohortCountOperator.LTE: "<=",
}
_LONGEST_SESSION = timedelta(days=1)
_PERSON = Column(MEMBER)


def doers(behavior: Behavior, around: CompileContext, catalog: Catalog) -> Select:
    """The persons who did, each once, whether or not the behavior is negated.

    Raises BadUserInput, with a path below the behavior's, for a definition that makes no sense.
    """
    check_parts(behavior)
    return _QUERIES[behavior.kind](_Reader(behavior, around, catalog))


@dataclass(frozen=True, slots=True)
class _Reader:
    """A behavior against the clock."""

    behavior: Behavior
    around: CompileContext
    catalog: Catalog

    @property
    def now(self) -> datetime:
        return self.around.now.astimezone(self.around.timezone)

    @property
    def happens(self) -> Expr | None:
        """The condition that an event is the one the behavior is about."""
        behavior = self.behavior
        subject = self._subject(behavior.event, behavior.action_id, "actionId")
        return every(subject, group_condition(FilterGroup(children=behavior.properties), self.around))

    @property
    def follows(self) -> Expr | None:
        """The condition that an event is the second of a sequence."""
        return self._subject(self.behavior.seq_event, self.behavior.seq_action_id, "seqActionId")

    @property
    def start(self) -> datetime:
        """When the behavior's time begins."""
        behavior = self.behavior
        if behavior.explicit_datetime is None:
            return self.before(self.now, behavior.time, "timeValue")
        start = read_date(behavior.explicit_datetime, self.now, (*behavior.path, "explicitDatetime")).instant
        if start > self.now:
            raise behavior.refusal("explicitDatetime is later than now.", "explicitDatetime")
        return start

    @property
    def border(self) -> datetime:
        """Where the last part of the behavior's time begins."""
        border = self.before(self.now, self.behavior.seq_time, "seqTimeValue")
        if border <= self.start:
            raise self.behavior.refusal(
                "The time of seqTimeValue must be shorter than the whole time.",
                "seqTimeValue",
                "Both end now: give a smaller seqTimeValue, or a time that begins earlier.",
            )
        return border

    @property
    def has_count(self) -> Callable[[Expr], Expr]:
        """The condition on a number of events, which is never 0: those without any event are not looked at."""
        behavior = self.behavior
        operator = behavior.needed(behavior.count_operator, "countOperator")
        count = behavior.positive(behavior.count, "count")
        if operator is CohortCountOperator.LT and count == 1:
            raise behavior.refusal(
                "Fewer than 1 would be nobody: who did nothing is not counted.",
                "count",
                "Negate PERFORMED_EVENT to leave out who did it.",
            )
        return lambda number: compare(number, _SIGNS[operator], Number(count))

    def before(self, moment: datetime, span: Span, key: str) -> datetime:
        """A span earlier, on the wall clock for days and longer."""
        try:
            return read_date(f"-{span.value}{_LETTERS[span.interval]}", moment, ()).instant
        except BadUserInput as impossible:
            raise self.behavior.refusal("The time begins before the calendar.", key, "Give less.") from impossible

    def after(self, moment: Expr, span: Span) -> Expr:
        """The same later, in ClickHouse."""
        local = call("toTimeZone", moment, self.around.zone)
        return call(_LATER[span.interval], local, Number(span.value))

    def select(
        self,
        *columns: Named,
        happens: Expr | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        by: tuple[Expr, ...] = (_PERSON,),
    ) -> Select:
        """Person and columns of the events, from `since` on, before `until` or else up to now."""
        end = compare(TIMESTAMP, "<", _instant(until)) if until else compare(TIMESTAMP, "<=", _instant(self.now))
        start = None if since is None else compare(TIMESTAMP, ">=", _instant(since))
        return Select(
            columns=(Named(PERSON, MEMBER), *columns),
            source=self._events(since),
            where=every(happens, start, end),
            group_by=by,
        )

    def _events(self, since: datetime | None) -> Events:
        if since is None:
            return Events()
        return Events(near=(_instant(since - _LONGEST_SESSION), _instant(self.now + _LONGEST_SESSION)))

    def _subject(self, event: str | None, action_id: int | None, key: str) -> Expr | None:
        if action_id is None:
            return equals(EVENT, Param(event, "String"))
        path = (*self.behavior.path, key)
        return action_condition(self.catalog.action(action_id, path), self.around, path)


def _performed(reader: _Reader) -> Select:
    return reader.select(happens=reader.happens, since=reader.start)


def _performed_multiple(reader: _Reader) -> Select:
    counted = reader.select(Named(call("count"), "events"), happens=reader.happens, since=reader.start)
    return _those(counted, reader.has_count(Column("events")))


def _performed_first_time(reader: _Reader) -> Select:
    first = reader.select(Named(call("min", TIMESTAMP), "first"), happens=reader.happens)
    return _those(first, compare(Column("first"), ">=", _instant(reader.start)))


def _performed_regularly(reader: _Reader) -> Select:
    behavior = reader.behavior
    least = behavior.positive(behavior.min_periods, "minPeriods")
    borders = _borders(reader, least)
    moments = Param(tuple(_text(border) for border in borders), "Array(DateTime64(6, 'UTC'))")
    is_past = Lambda(("border",), compare(Column("border"), "<=", TIMESTAMP))
    period = Named(call("arrayCount", is_past, moments), "period")
    counted = reader.select(
        period,
        Named(call("count"), "events"),
        happens=reader.happens,
        since=borders[0],
        until=borders[-1],
        by=(_PERSON, Column("period")),
    )
    regular = Select(
        columns=(Named(_PERSON, MEMBER), Named(call("count"), "periods")),
        source=Derived(counted, "by_period"),
        where=reader.has_count(Column("events")),
        group_by=(_PERSON,),
    )
    return _those(regular, compare(Column("periods"), ">=", Number(least)))


def _borders(reader: _Reader, least: int) -> list[datetime]:
    """The starts of the periods, which follow each other up to the end of yesterday, and that end."""
    behavior = reader.behavior
    total = behavior.positive(behavior.total_periods, "totalPeriods")
    if total > MOST_PERIODS:
        raise behavior.refusal(f"totalPeriods is at most {MOST_PERIODS}.", "totalPeriods")
    if least > total:
        raise behavior.refusal("minPeriods is at most totalPeriods.", "minPeriods")
    time, end = behavior.time, start_of_day(reader.now)
    spans = (Span(time.value * number, time.interval) for number in range(total, 0, -1))
    return [*(reader.before(end, span, "timeValue") for span in spans), end]


def _stopped(reader: _Reader) -> Select:
    last = reader.select(Named(call("max", TIMESTAMP), "last"), happens=reader.happens, since=reader.start)
    return _those(last, compare(Column("last"), "<", _instant(reader.border)))


def _restarted(reader: _Reader) -> Select:
    start, border = _instant(reader.start), _instant(reader.border)
    pause = Call("and", (compare(TIMESTAMP, ">=", start), compare(TIMESTAMP, "<", border)))
    seen = reader.select(
        Named(call("min", TIMESTAMP), "first"),
        Named(call("countIf", pause), "paused"),
        Named(call("max", TIMESTAMP), "last"),
        happens=reader.happens,
    )
    return _those(
        seen,
        compare(Column("first"), "<", start),
        equals(Column("paused"), Number(0)),
        compare(Column("last"), ">=", border),
    )


def _performed_sequence(reader: _Reader) -> Select:
    moment, start = (Named(TIMESTAMP, "moment"),), reader.start
    first = reader.select(*moment, happens=reader.happens, since=start, by=())
    second = reader.select(*moment, happens=reader.follows, since=start, by=())
    next_one = compare(Column("moment", "first"), "<", Column("moment", "second"))
    same_person = equals(Column(MEMBER, "first"), Column(MEMBER, "second"))
    within = reader.behavior.seq_time
    reader.before(reader.now, within, "seqTimeValue")  # refuses what would lead out of the calendar
    latest = reader.after(Column("moment", "first"), within)
    return Select(
        columns=(Named(Column(MEMBER, "first"), MEMBER),),
        source=Derived(first, "first"),
        # ASOF finds the nearest event that follows, which is the only one that needs a look.
        joins=(Join("ASOF INNER", Derived(second, "second"), Infix("AND", (same_person, next_one))),),
        where=compare(Column("moment", "second"), "<=", latest),
        group_by=(Column(MEMBER, "first"),),
    )


def _those(counted: Select, *conditions: Expr) -> Select:
    return Select((Named(_PERSON, MEMBER),), Derived(counted, "counted"), where=every(*conditions))


def _instant(moment: datetime) -> Param:
    return Param(_text(moment), "DateTime64(6, 'UTC')")


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


_QUERIES: dict[CohortBehaviorKind, Callable[[_Reader], Select]] = {
    CohortBehaviorKind.PERFORMED_EVENT: _performed,
    CohortBehaviorKind.PERFORMED_EVENT_MULTIPLE: _performed_multiple,
    CohortBehaviorKind.PERFORMED_EVENT_FIRST_TIME: _performed_first_time,
    CohortBehaviorKind.PERFORMED_EVENT_REGULARLY: _performed_regularly,
    CohortBehaviorKind.STOPPED_PERFORMING_EVENT: _stopped,
    CohortBehaviorKind.RESTARTED_PERFORMING_EVENT: _restarted,
    CohortBehaviorKind.PERFORMED_EVENT_SEQUENCE: _performed_sequence,
}
