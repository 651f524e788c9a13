"""The query of the persons who performed a behavior."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import assert_never

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
from errors import BadUserInput, Name
from resolvers.trends.behaviors import (
    MOST_PERIODS,
    Behavior,
    CohortBehaviorKind,
    CohortCountOperator,
    CohortInterval,
    Span,
    check_parts,
)
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.date_text import read_date
from resolvers.trends.filters import group_condition
from resolvers.trends.query import FilterGroup
from resolvers.trends.saved_objects import SavedObjects
from resolvers.trends.wall_clock import start_of_day

MEMBER = "person"
"""The column of the persons."""

_LONGEST_SESSION = timedelta(days=1)
_PERSON = Column(MEMBER)


def behavior_query(behavior: Behavior, context: CompileContext, saved_objects: SavedObjects) -> Select:
    """The persons who performed the behavior, each once, whether or not it is negated.

    Raises BadUserInput, with a path below the behavior's, for an invalid definition.
    """
    check_parts(behavior)
    reader = _Reader(behavior, context, saved_objects)
    match behavior.kind:
        case CohortBehaviorKind.PERFORMED_EVENT:
            return _performed(reader)
        case CohortBehaviorKind.PERFORMED_EVENT_MULTIPLE:
            return _performed_multiple(reader)
        case CohortBehaviorKind.PERFORMED_EVENT_FIRST_TIME:
            return _performed_first_time(reader)
        case CohortBehaviorKind.PERFORMED_EVENT_REGULARLY:
            return _performed_regularly(reader)
        case CohortBehaviorKind.STOPPED_PERFORMING_EVENT:
            return _stopped(reader)
        case CohortBehaviorKind.RESTARTED_PERFORMING_EVENT:
            return _restarted(reader)
        case CohortBehaviorKind.PERFORMED_EVENT_SEQUENCE:
            return _performed_sequence(reader)
        case _:
            assert_never(behavior.kind)


@dataclass(frozen=True, slots=True)
class _Reader:
    """A behavior against the clock."""

    behavior: Behavior
    context: CompileContext
    saved_objects: SavedObjects

    @property
    def now(self) -> datetime:
        return self.context.now.astimezone(self.context.timezone)

    @property
    def happens(self) -> Expr | None:
        """The condition that an event is the behavior's."""
        behavior = self.behavior
        subject = self._subject(behavior.event, behavior.action_id, "action_id")
        return every(subject, group_condition(FilterGroup(children=behavior.properties), self.context))

    @property
    def follows(self) -> Expr | None:
        """The condition that an event is the second of a sequence."""
        return self._subject(self.behavior.seq_event, self.behavior.seq_action_id, "seq_action_id")

    @property
    def start(self) -> datetime:
        """When the behavior's time begins."""
        behavior = self.behavior
        if behavior.explicit_datetime is None:
            return self.before(self.now, behavior.time, "time_value")
        path = behavior.at("explicit_datetime")
        start = read_date(behavior.explicit_datetime, self.now, path).instant
        if start > self.now:
            raise BadUserInput("{name} is later than now.", path=path, name=Name("explicit_datetime"))
        return start

    @property
    def border(self) -> datetime:
        """Where the last part of the behavior's time begins."""
        border = self.before(self.now, self.behavior.seq_time, "seq_time_value")
        if border <= self.start:
            raise BadUserInput(
                "The time of {name} must be shorter than the whole time.",
                path=self.behavior.at("seq_time_value"),
                hint="Both end now: give a smaller {name}, or a time that begins earlier.",
                name=Name("seq_time_value"),
            )
        return border

    def has_count(self, number: Expr) -> Expr:
        """The condition on a person's number of events, which is never 0: persons without events are not read."""
        behavior = self.behavior
        operator = behavior.needed(behavior.count_operator, "count_operator")
        count = behavior.positive(behavior.count, "count")
        if operator is CohortCountOperator.LT and count == 1:
            raise BadUserInput(
                "A count below 1 matches no person: persons without events are not counted.",
                path=behavior.at("count"),
                hint="To exclude the persons who did it, negate {kind}.",
                kind=CohortBehaviorKind.PERFORMED_EVENT,
            )
        return compare(number, _sign(operator), Number(count))

    def before(self, moment: datetime, span: Span, key: str) -> datetime:
        """A span earlier, on the wall clock for days and longer."""
        try:
            return read_date(f"-{span.value}{_date_unit(span.interval)}", moment, ()).instant
        except BadUserInput as impossible:
            raise BadUserInput(
                "The period starts too far in the past.", path=self.behavior.at(key), hint="Use a shorter period."
            ) from impossible

    def after(self, moment: Expr, span: Span) -> Expr:
        """A span later, computed by ClickHouse."""
        local = call("toTimeZone", moment, self.context.zone)
        return call(_adder(span.interval), local, Number(span.value))

    def select(
        self,
        *columns: Named,
        happens: Expr | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        by: tuple[Expr, ...] = (_PERSON,),
    ) -> Select:
        """Person and columns of the events from `since` on, before `until` or otherwise up to now."""
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
        path = self.behavior.at(key)
        return self.saved_objects.action_condition(action_id, self.context, path)


def _date_unit(interval: CohortInterval) -> str:
    match interval:
        case CohortInterval.MINUTE:
            return "M"
        case CohortInterval.HOUR:
            return "h"
        case CohortInterval.DAY:
            return "d"
        case CohortInterval.WEEK:
            return "w"
        case CohortInterval.MONTH:
            return "m"
        case CohortInterval.YEAR:
            return "y"
        case _:
            assert_never(interval)


def _adder(interval: CohortInterval) -> str:
    return f"add{interval.capitalize()}s"


def _sign(operator: CohortCountOperator) -> str:
    match operator:
        case CohortCountOperator.EQ:
            return "="
        case CohortCountOperator.GT:
            return ">"
        case CohortCountOperator.GTE:
            return ">="
        case CohortCountOperator.LT:
            return "<"
        case CohortCountOperator.LTE:
            return "<="
        case _:
            assert_never(operator)


def _performed(reader: _Reader) -> Select:
    return reader.select(happens=reader.happens, since=reader.start)


def _performed_multiple(reader: _Reader) -> Select:
    counted = reader.select(Named(call("count"), "events"), happens=reader.happens, since=reader.start)
    return _where(counted, reader.has_count(Column("events")))


def _performed_first_time(reader: _Reader) -> Select:
    first = reader.select(Named(call("min", TIMESTAMP), "first"), happens=reader.happens)
    return _where(first, compare(Column("first"), ">=", _instant(reader.start)))


def _performed_regularly(reader: _Reader) -> Select:
    behavior = reader.behavior
    least = behavior.positive(behavior.min_periods, "min_periods")
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
    return _where(regular, compare(Column("periods"), ">=", Number(least)))


def _borders(reader: _Reader, least: int) -> list[datetime]:
    """The starts of the consecutive periods, of which the last ends with yesterday, and that end."""
    behavior = reader.behavior
    total = behavior.positive(behavior.total_periods, "total_periods")
    if total > MOST_PERIODS:
        raise BadUserInput(
            "{name} must be at most {most}.",
            path=behavior.at("total_periods"),
            name=Name("total_periods"),
            most=MOST_PERIODS,
        )
    if least > total:
        raise BadUserInput(
            "{least} must not be more than {total}.",
            path=behavior.at("min_periods"),
            least=Name("min_periods"),
            total=Name("total_periods"),
        )
    time, end = behavior.time, start_of_day(reader.now)
    spans = (Span(time.value * number, time.interval) for number in range(total, 0, -1))
    return [*(reader.before(end, span, "time_value") for span in spans), end]


def _stopped(reader: _Reader) -> Select:
    last = reader.select(Named(call("max", TIMESTAMP), "last"), happens=reader.happens, since=reader.start)
    return _where(last, compare(Column("last"), "<", _instant(reader.border)))


def _restarted(reader: _Reader) -> Select:
    start, border = _instant(reader.start), _instant(reader.border)
    pause = Call("and", (compare(TIMESTAMP, ">=", start), compare(TIMESTAMP, "<", border)))
    seen = reader.select(
        Named(call("min", TIMESTAMP), "first"),
        Named(call("countIf", pause), "paused"),
        Named(call("max", TIMESTAMP), "last"),
        happens=reader.happens,
    )
    return _where(
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
    reader.before(reader.now, within, "seq_time_value")  # rejects a span that is too long
    latest = reader.after(Column("moment", "first"), within)
    return Select(
        columns=(Named(Column(MEMBER, "first"), MEMBER),),
        source=Derived(first, "first"),
        # ASOF finds the nearest later event, which is the only one that matters.
        joins=(Join("ASOF INNER", Derived(second, "second"), Infix("AND", (same_person, next_one))),),
        where=compare(Column("moment", "second"), "<=", latest),
        group_by=(Column(MEMBER, "first"),),
    )


def _where(counted: Select, *conditions: Expr) -> Select:
    return Select((Named(_PERSON, MEMBER),), Derived(counted, "counted"), where=every(*conditions))


def _instant(moment: datetime) -> Param:
    return Param(_text(moment), "DateTime64(6, 'UTC')")


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
