"""Every accepted expression runs, over unusual values; others have a clear error."""

import re
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Limits
from datasource.sql.tree import Events, Expr, Named, Select
from errors import BadUserInput
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql import breakdown_expression, filter_expression, math_expression
from resolvers.trends.hogql.aggregates import AGGREGATE_NAMES
from resolvers.trends.hogql.translate import FUNCTIONS
from tests.resolvers.trends.conftest import NewSeeds
from tests.resolvers.trends.hogql.evaluation import NOW, PATH, lowered
from tests.support.seeds.events import Event, EventSeeds, Value

_ZONE = ZoneInfo("America/New_York")  # with daylight saving
_ODD: tuple[tuple[Value, Value], ...] = (
    ("", None),
    ("x,y", "12"),
    (1, 1.5),
    (-1, 0),
    (1e308, -1e308),
    (True, False),
    ("inf", "nan"),
    ("2020-02-30", "2020-01-05T10:00:00Z"),
    ("1969-01-01", "9999-12-31"),
    ('{"k": 1}', '{"k": [1, "2"]}'),
    ("http://www.a.b/c?d=e&a=%41#f", "é\U0001f600"),
    ("\\", "%"),
    (2**62, "00"),
    (None, "a\0b"),
    ("1e400", "-0"),
)
_TIMES = ("1950-01-01", "2020-01-05 10:11:12.5", "2105-01-01", "1970-01-01", "2200-06-01 01:02:03.000004")

_NUMBERS = (
    "1",
    "0",
    "-2",
    "1.5",
    "1e300",
    "properties.a",
    "properties.b / 0",
    "person.properties.p",
    "length(event)",
)
_TEXTS = (
    *(
        "'x'",
        "''",
        "'a,b'",
        "'2020-01-05'",
        "'%Y-%m'",
        "'(a|b)'",
        "'day'",
        "event",
        "person_id",
        "uuid",
        "$session_id",
    ),
    *("properties.a", "properties.b.k", "properties.b.k[1]", "group_0.properties.g", "session.$entry_current_url"),
)
_MOMENTS = ("timestamp", "now()", "today()", "toDate(properties.a)", "toStartOfDay(timestamp)", "toDateTime(1e9)")
_OTHERS = ("true", "null", "INTERVAL 3 MONTH", "interval -1 hour", "splitByChar(',', properties.a)")
_OPERATORS = (
    *("{} = {}", "{} != {}", "{} < {}", "{} >= {}", "{} AND {}", "{} OR NOT {}", "{} || {}", "{} ?? {}"),
    *("{} + {}", "{} - {}", "{} * {}", "{} / {}", "{} % {}", "{} IS NULL = {}", "-{} + {}", "{}[1] || {}"),
    *("{} LIKE {}", "{} NOT ILIKE {}", "{} IN ({}, 'q')", "{} NOT IN ({}, 5)", "{} BETWEEN {} AND 5"),
    *("CASE WHEN {} THEN {} END", "CASE {} WHEN {} THEN 1 ELSE 2 END", "if({}, {}, null)"),
)


_FORMS: dict[str, tuple[str, ...]] = {
    "number": (
        *(
            "({number} + {number})",
            "({number} / {number})",
            "({number} % {number})",
            "-({number})",
            "round({number}, 2)",
        ),
        *("intDiv({number}, {number})", "pow({number}, {number})", "log({number})", "least({number}, {number})"),
        *(
            "length({text})",
            "position({text}, {text})",
            "toInt({text})",
            "toFloat({text})",
            "toIntOrZero({number})",
        ),
        *(
            "JSONExtractInt({text}, 'k')",
            "JSONLength({text})",
            "toHour({time})",
            "toYYYYMM({time})",
            "({truth} + 1)",
        ),
        *("toUnixTimestamp({time})", "dateDiff('month', {time}, {time})", "dateDiff(second, {time}, {time})"),
        *("if({truth}, {number}, {number})", "coalesce({number}, {number})", "nullIf({number}, {number})"),
        "CASE {text} WHEN {text} THEN {number} ELSE 0 END",
    ),
    "text": (
        *("lower({text})", "({text} || {text})", "substring({text}, {number})", "left({text}, {number})"),
        *("substring({text}, {number}, {number})", "replaceAll({text}, 'a', {text})", "extract({text}, '(.)')"),
        *("replaceRegexpOne({text}, '(a|b)', '<\\\\1>')", "splitByChar(',', {text})[1]", "reverse({text})"),
        *("domain({text})", "cutQueryString({text})", "decodeURLComponent({text})", "leftPad({text}, 9, '*')"),
        *("extractURLParameter({text}, 'd')", "JSONExtractString({text}, 'k', 1)", "JSONExtractRaw({text})"),
        *("toString({number})", "toString({time})", "toString({truth})", "formatDateTime({time}, '%Y %W %H')"),
        *(
            "if({truth}, {text}, null)",
            "multiIf({truth}, {text}, {truth}, {text}, '')",
            "coalesce({text}, {text})",
        ),
        *(
            "nullIf({text}, {text})",
            "greatest({text}, {text})",
            "arrayStringConcat(splitByString('a', {text}), '-')",
        ),
    ),
    "truth": (
        *("({number} < {number})", "({text} = {text})", "({time} >= {time})", "({text} != 'x')", "({number} = 1)"),
        *("({text} IN ('a', ''))", "({number} NOT IN (1, 2))", "({number} BETWEEN {number} AND {number})"),
        *(
            "({text} LIKE '%a_')",
            "({text} NOT ILIKE '\\\\%')",
            "match({text}, '^a+$')",
            "startsWith({text}, {text})",
        ),
        *(
            "({text} IS NULL)",
            "({truth} AND {truth})",
            "({truth} OR NOT {truth})",
            "isFinite({number})",
            "toBool({text})",
        ),
        *(
            "({time} > '2020-01-05')",
            "({truth} = {truth})",
            "has(splitByChar(',', {text}), {text})",
            "empty({text})",
        ),
        *("JSONHas({text}, 'k')", "if({truth}, {truth}, null)", "({time} BETWEEN {time} AND now())"),
    ),
    "time": (
        *("toStartOfHour({time})", "toStartOfWeek({time})", "toStartOfMonth({time})", "dateTrunc('day', {time})"),
        *("({time} - INTERVAL 3 HOUR)", "({time} + INTERVAL 1000 YEAR)", "addMonths({time}, -100000)"),
        *(
            "toDate({text})",
            "toDateTime({text})",
            "toDateTime({number})",
            "toDate({time})",
            "fromUnixTimestamp({number})",
        ),
        *("toStartOfInterval({time}, INTERVAL 15 MINUTE)", "toStartOfInterval({time}, toIntervalWeek(2))"),
        *(
            "if({truth}, {time}, {time})",
            "coalesce({time}, {time})",
            "least({time}, {time})",
            "toStartOfSecond({time})",
        ),
    ),
}
_LEAVES = {"number": _NUMBERS, "text": _TEXTS, "truth": ("true", "properties.a", "null"), "time": _MOMENTS}
_TREES: dict[str, st.SearchStrategy[str]] = {}


def _filled(form: str) -> st.SearchStrategy[str]:
    kinds = re.findall(r"{(\w+)}", form)
    bare = re.sub(r"{\w+}", "{}", form)
    return st.tuples(*map(_tree, kinds)).map(lambda parts: bare.format(*parts))


def _tree(kind: str) -> st.SearchStrategy[str]:
    return st.deferred(lambda: _TREES[kind])


for _kind, _forms in _FORMS.items():
    _TREES[_kind] = st.sampled_from(_LEAVES[_kind]) | st.sampled_from(_forms).flatmap(_filled)

_CALLS = st.builds(
    lambda name, arguments: f"{name}({', '.join(arguments[: FUNCTIONS[name].most])})",
    st.sampled_from(sorted(FUNCTIONS)),
    st.lists(st.one_of(*_TREES.values()) | st.sampled_from(_OTHERS), min_size=1, max_size=3),
)
_JOINED = st.builds(
    lambda form, left, right: form.format(f"({left})", f"({right})"),
    st.sampled_from(_OPERATORS),
    st.one_of(*_TREES.values()) | st.sampled_from(_OTHERS),
    st.one_of(*_TREES.values()) | st.sampled_from(_OTHERS),
)
_EXPRESSIONS = st.one_of(*_TREES.values(), _CALLS, _JOINED)
_AGGREGATES = st.builds(
    lambda name, arguments, form: form.format(f"{name}({', '.join(arguments)})"),
    st.sampled_from(sorted(AGGREGATE_NAMES)),
    st.lists(st.one_of(*_TREES.values()), max_size=2),
    st.sampled_from(
        ("{}", "{} / count()", "if({} > 1, 1, 2)", "length(toString({}))", "dateDiff('day', {}, now())")
    ),
)
_MANY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.fixture(scope="session")
async def odd(new_seeds: NewSeeds) -> EventSeeds:
    """Events with every odd value."""
    seeds = new_seeds(_ZONE.key)
    shared: dict[str, Value] = {"$session_id": "s", "$group_0": "g", "$current_url": "/u"}
    await seeds.add_events(
        [
            Event(
                ("ev", "", "sign up")[n % 3], _TIMES[n % 5], n % 4, {"a": a, "b": b, **(shared if n % 2 else {})}
            )
            for n, (a, b) in enumerate(_ODD)
        ]
    )
    await seeds.add_persons({1: {"p": "x"}, 2: {"p": 3}})
    await seeds.add_groups(0, {"g": {"g": 7}})
    return seeds


@_MANY
@given(texts=st.lists(_EXPRESSIONS, min_size=20, max_size=40))
async def test_every_accepted_value_and_condition_runs(odd: EventSeeds, texts: list[str]) -> None:
    compilers = (breakdown_expression, filter_expression)
    await _run(odd, [_accepted(compile_, text) for text in texts for compile_ in compilers])


@_MANY
@given(texts=st.lists(_AGGREGATES, min_size=10, max_size=20))
async def test_every_accepted_math_runs(odd: EventSeeds, texts: list[str]) -> None:
    await _run(odd, [_accepted(math_expression, text) for text in texts])


@given(text=st.text(max_size=60) | st.text(alphabet="ab.,()[]'\"`\\$0+-*/%<>=!|?{};#@:~^& \n", max_size=30))
@settings(max_examples=400, deadline=None)
def test_any_text_compiles_or_names_its_place(text: str) -> None:
    for compile_ in (breakdown_expression, filter_expression, math_expression):
        _accepted(compile_, text)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_is_reached_in_any_case(name: str) -> None:
    # The wrong number of arguments is noticed by the function itself, so its name was found.
    function = FUNCTIONS[name]
    arguments = ", ".join(["1"] * (function.most + 1))
    with pytest.raises(BadUserInput, match=r"\(\) takes "):
        breakdown_expression(f"{name.upper()}({arguments})", PATH, CompileContext(_ZONE, NOW))


def _accepted(compile_: Callable[..., Expr], text: str) -> Expr | None:
    try:
        return compile_(text, PATH, CompileContext(_ZONE, NOW))
    except BadUserInput as caught:
        error = caught
    assert error.message.startswith("Line ")
    return None


async def _run(seeds: EventSeeds, accepted: Sequence[Expr | None]) -> None:
    columns = tuple(Named(expr, f"c{n}") for n, expr in enumerate(accepted) if expr is not None)
    if columns:
        statement = lowered(Select(columns, Events()), seeds.project.id)
        await seeds.engine.query(statement.text, statement.params, limits=Limits(seconds=60))
