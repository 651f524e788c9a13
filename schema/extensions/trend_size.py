"""The size of a trend as far as its input tells, before the input is coerced."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from errors import GatewayError
from resolvers.trends.compile import MAP_LIMIT
from resolvers.trends.query import BreakdownType, TrendDisplay, TrendInterval, TrendProject, TrendQuery
from resolvers.trends.resolve import resolve
from resolvers.trends.size import TrendSize, count_buckets
from schema.extensions.shape import MAX_COUNT
from schema.trend_input import TrendQueryInput

_DEFAULTS = TrendQueryInput()
_UTC = TrendProject(0, ZoneInfo("UTC"))


def read_trend_size(given: object, now: datetime) -> TrendSize:
    """Read the raw value of a TrendQueryInput. Input that will be rejected anyway counts as its default."""
    query = given if isinstance(given, Mapping) else {}
    listed = query.get("breakdowns")
    breakdowns = [each for each in (listed if isinstance(listed, list) else [listed]) if isinstance(each, Mapping)]
    keys = _length(query.get("breakdown"))
    is_by_cohort = query.get("breakdownType") == BreakdownType.COHORT
    cohorts = keys * is_by_cohort + sum(each.get("type") == BreakdownType.COHORT for each in breakdowns)
    compares = query.get("compare") is True
    return TrendSize.count(
        series=max(1, _length(query.get("events")) + _length(query.get("actions"))),
        formulas=_length(query.get("formula")) + _length(query.get("formulas")),
        periods=1 + compares,
        cohorts=cohorts,
        values=_values(query) if keys or breakdowns else None,
        buckets=_buckets(query, now, compares=compares),
    )


def _length(given: object) -> int:
    """Return the length of a list, which may be written as its only item."""
    return len(given) if isinstance(given, list) else int(given is not None)


def _values(query: Mapping[str, object]) -> int:
    if query.get("display") == TrendDisplay.WORLD_MAP:
        return MAP_LIMIT
    limit = query.get("breakdownLimit")
    return max(1, min(limit, MAX_COUNT)) if isinstance(limit, int) else _DEFAULTS.breakdown_limit


def _buckets(query: Mapping[str, object], now: datetime, *, compares: bool) -> int:
    # The project's time zone and first day of the week can make a difference of one bucket.
    def text(name: str, default: str | None) -> str | None:
        given = query.get(name, default)
        return given if isinstance(given, str) else default

    try:
        return count_buckets(
            resolve(
                TrendQuery(
                    series=(),
                    date_from=text("dateFrom", _DEFAULTS.date_from),
                    date_to=text("dateTo", None),
                    explicit_date=query.get("explicitDate") is True,
                    interval=TrendInterval(str(query.get("interval", _DEFAULTS.interval))),
                    display=TrendDisplay(str(query.get("display", _DEFAULTS.display))),
                    compare=compares,
                    compare_to=text("compareTo", None),
                ),
                _UTC,
                now,
            )
        )
    except (GatewayError, ValueError):  # the field's own error, which has a path
        return 1
