"""What the meaning of a filter or an expression depends on beyond the events: clock, calendar, saved cohorts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from datasource.metadata.records import WeekStartDay
from datasource.sql.tree import Expr, Param
from resolvers.trends.input_sizes import InputMeter
from resolvers.trends.query import Cohort


@dataclass(frozen=True, slots=True)
class CompileContext:
    """`timezone` is where dates without an offset are; `now` an instant; `cohorts` the readable ones by id.

    One context compiles one trend, action or cohort. `meter` adds up its inputs, and `expressions` are those that
    are compiled already.
    """

    timezone: ZoneInfo
    now: datetime
    week_start: WeekStartDay = WeekStartDay.SUNDAY
    cohorts: Mapping[int, Cohort] = field(default_factory=dict)
    meter: InputMeter = field(default_factory=InputMeter, compare=False, repr=False)
    expressions: dict[tuple[object, str], Expr] = field(default_factory=dict, compare=False, repr=False)

    @property
    def zone(self) -> Param:
        """The time zone, as an argument of functions."""
        return Param(self.timezone.key, "String")
