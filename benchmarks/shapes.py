"""The trends that are timed: one for each way in which a trend can be expensive."""

from benchmarks.events import LAST_DAY

Query = dict[str, object]

_WEEK: Query = {"dateFrom": "2024-03-28", "dateTo": LAST_DAY}
_YEAR: Query = {"dateFrom": "2023-04-05", "dateTo": LAST_DAY, "interval": "HOUR"}
_QUARTER: Query = {"dateFrom": "2024-01-01", "dateTo": LAST_DAY}


def _views(**math: object) -> list[Query]:
    return [{"event": "$pageview", **math}]


SHAPES: dict[str, Query] = {
    "total per day, 8 days": {"events": _views(), **_WEEK},
    "total per day, 95 days": {"events": _views(), **_QUARTER},
    "unique users per day, 95 days": {"events": _views(math="DAU"), **_QUARTER},
    "unique users, one number": {"events": _views(math="DAU"), "display": "BOLD_NUMBER", **_QUARTER},
    "all events per hour, 8 days": {"events": [{"event": None}], "interval": "HOUR", **_WEEK},
    "total per day, 95 days, past the roll-up": {
        "events": _views(),
        "properties": [{"key": "distinct_id", "type": "EVENT_METADATA", "operator": "IS_SET"}],
        **_QUARTER,
    },
    "filtered total per day, 95 days": {
        "events": _views(),
        "properties": [{"key": "$browser", "value": ["Chrome", "Safari"]}, {"key": "plan", "value": "team"}],
        **_QUARTER,
    },
    "sum of a number per day, 95 days": {
        "events": [{"event": "paid", "math": "SUM", "mathProperty": "price"}],
        **_QUARTER,
    },
    "p90 of a number by browser": {
        "events": [{"event": "paid", "math": "P90", "mathProperty": "load_ms"}],
        "breakdown": ["$browser"],
        "display": "ACTIONS_PIE",
        **_QUARTER,
    },
    "by 500 paths per day, 95 days": {"events": _views(), "breakdown": ["$pathname"], **_QUARTER},
    "unique users by country per day, 95 days": {
        "events": _views(math="DAU"),
        "breakdown": ["$geoip_country_code"],
        **_QUARTER,
    },
    "weekly active per day, 95 days": {"events": _views(math="WEEKLY_ACTIVE"), **_QUARTER},
    "filtered by a person's property": {
        "events": _views(),
        "properties": [{"key": "email", "type": "PERSON", "operator": "IS_NOT_SET"}],
        **_QUARTER,
    },
    "five series per hour, 1 year": {
        "events": [{"event": name} for name in ("$pageview", "$pageleave", "$autocapture", "sign up", "paid")],
        **_YEAR,
    },
    "four series, compared, one formula": {
        "events": [{"event": name} for name in ("$pageview", "$pageleave", "sign up", "paid")],
        "formula": "(C + D) / (A + B) * 100",
        "compare": True,
        **_WEEK,
    },
}
