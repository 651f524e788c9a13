"""Regular expressions are read before they run: by every place that takes one, as ClickHouse would read them."""

from dataclasses import replace

import pytest

from datasource.clickhouse.engine import Engine
from datasource.layouts.native import NativeLayout
from errors import BadUserInput
from resolvers.trends.actions import AUTOCAPTURE, Action, ActionStep, StringMatching
from resolvers.trends.behavior_query import behavior_query
from resolvers.trends.behaviors import Behavior, CohortBehaviorKind, CohortInterval
from resolvers.trends.cohorts import CohortDefinition, CohortGroup, members
from resolvers.trends.compile import compile_trend
from resolvers.trends.filters import filter_condition
from resolvers.trends.hogql import breakdown_expression, filter_expression, math_expression
from resolvers.trends.query import (
    ActionSeries,
    Breakdown,
    BreakdownType,
    FilterGroup,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    TrendProject,
    TrendQuery,
)
from resolvers.trends.regexes import check_regex, regex_problem
from resolvers.trends.resolve import ResolvedTrend, resolve
from resolvers.trends.saved_objects import SavedObjects
from tests.support.clock import TREND, UTC_ZONE, compile_context, local_now

CONTEXT = compile_context()
PATH = ("query", "properties", 3)
VALUE = (*PATH, "value")
READABLE = [
    "",
    "a|b",
    r"^\d+(?i)x$",
    "'; SELECT 1 --",
    "größe",
    "%",
    r"\pL+",
    "(?P<a>x)",
    "a{0,1000}",
    "[[:word:]]",
]
PROBLEMS = {
    "(": "missing ) in `(`",
    "a)": "unexpected ) in `a)`",
    "[a": "missing ] in `[a`",
    "[z-a]": "invalid character class range in `z-a`",
    "a**": "bad repetition operator in `**`",
    "*a": "no argument for repetition operator in `*`",
    "a{2,1}": "invalid repetition size in `{2,1}`",
    "a{1001}": "invalid repetition size in `{1001}`",
    "(?!a)": "invalid perl operator in `(?!`",
    "(?<=a)b": "invalid perl operator in `(?<=`",
    r"(a)\1": r"invalid escape sequence in `\1`",
    "a\\": "trailing \\",
    "(?P<a": "invalid named capture group in `(?P<a`",
    r"\pL{1000}": "pattern too large - compile failed",
    "(" + "a" * 100: "missing ) in `(" + "a" * 59 + "...`",
}


@pytest.mark.parametrize("pattern", READABLE)
def test_readable_pattern_passes(pattern: str) -> None:
    assert regex_problem(pattern) is None
    check_regex(pattern, PATH)


@pytest.mark.parametrize(("pattern", "problem"), PROBLEMS.items())
def test_unreadable_pattern_is_refused_with_its_path_and_reason(pattern: str, problem: str) -> None:
    with pytest.raises(BadUserInput) as caught:
        check_regex(pattern, PATH)
    assert caught.value.path == PATH
    assert caught.value.message == f"Invalid regular expression: {problem}."
    assert "RE2" in (caught.value.hint or "")


@pytest.mark.parametrize("pattern", READABLE)
async def test_clickhouse_reads_what_passes(engine: Engine, pattern: str) -> None:
    await engine.query("SELECT match(materialize('abc'), {p0:String})", {"p0": pattern})


@pytest.mark.parametrize("operator", [PropertyOperator.REGEX, PropertyOperator.NOT_REGEX])
@pytest.mark.parametrize("value", ["(", ("a", "(")])
@pytest.mark.parametrize(
    ("type_", "key"),
    [
        (PropertyType.EVENT, "x"),
        (PropertyType.PERSON, "x"),
        (PropertyType.GROUP, "x"),
        (PropertyType.SESSION, "$entry_current_url"),
        (PropertyType.EVENT_METADATA, "distinct_id"),
        (PropertyType.ELEMENT, "text"),
        (PropertyType.ELEMENT, "href"),
    ],
)
def test_unreadable_pattern_of_a_filter_is_refused(
    operator: PropertyOperator, value: str | tuple[str, ...], type_: PropertyType, key: str
) -> None:
    with pytest.raises(BadUserInput, match=r"missing \)") as caught:
        filter_condition(PropertyFilter(key, value, operator, type_, 0, PATH), CONTEXT)
    assert caught.value.path == VALUE


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("match(event, '(')", 14),
        ("extract(event, '(')", 16),
        ("replaceRegexpAll(event, '(', 'x')", 25),
        ("replaceRegexpOne(event, '(', 'x')", 25),
    ],
)
def test_unreadable_pattern_in_hogql_is_refused_at_its_place(text: str, column: int) -> None:
    aggregated = f"countIf(notEmpty(toString({text})))"
    for compile_, written, at in (
        (breakdown_expression, text, column),
        (filter_expression, f"notEmpty(toString({text}))", column + len("notEmpty(toString(")),
        (math_expression, aggregated, column + len("countIf(notEmpty(toString(")),
    ):
        with pytest.raises(BadUserInput) as caught:
            compile_(written, PATH, CONTEXT)
        assert caught.value.path == PATH
        assert caught.value.message == (f"Line 1, column {at}: invalid regular expression: missing ) in `(`.")


BROKEN = PropertyFilter("x", "(", PropertyOperator.REGEX, path=("stored",))
BROKEN_STEPS = {
    "url": ActionStep(url="(", url_matching=StringMatching.REGEX),
    "text": ActionStep(AUTOCAPTURE, text="(", text_matching=StringMatching.REGEX),
    "href": ActionStep(AUTOCAPTURE, href="(", href_matching=StringMatching.REGEX),
    "properties": ActionStep(properties=(BROKEN,)),
}


@pytest.mark.parametrize("step", BROKEN_STEPS.values(), ids=BROKEN_STEPS)
def test_unreadable_pattern_of_a_saved_action_is_an_error_of_its_series(step: ActionStep) -> None:
    query = replace(TREND, series=(*TREND.series, ActionSeries(7, path=("query", "actions", 0))))
    saved_objects = SavedObjects({7: Action(7, "buys", (ActionStep("x"), step))})
    with pytest.raises(BadUserInput) as caught:
        compile_trend(resolved(query), NativeLayout(), saved_objects)
    assert caught.value.path == ("query", "actions", 0, "action_id")
    assert caught.value.message == ("Action 7 cannot be used. Invalid regular expression: missing ) in `(`.")


def test_unreadable_pattern_of_test_account_filters_is_an_error_of_the_option() -> None:
    project = TrendProject(1, UTC_ZONE, test_account_filters=FilterGroup(children=(BROKEN,)))
    query = replace(TREND, filter_test_accounts=True)
    with pytest.raises(BadUserInput, match=r"test account filters cannot be used.*missing \)") as caught:
        compile_trend(resolve(query, project, local_now()), NativeLayout())
    assert caught.value.path == ("query", "filter_test_accounts")
    compile_trend(resolve(TREND, project, local_now()), NativeLayout())


BEHAVIOR = Behavior(
    CohortBehaviorKind.PERFORMED_EVENT,
    "a",
    time_value=7,
    time_interval=CohortInterval.DAY,
    path=("filters", 0, "behaviors", 1),
)


def test_unreadable_pattern_of_a_cohort_is_refused() -> None:
    of_person = replace(BROKEN, type=PropertyType.PERSON)
    for group in (CohortGroup((of_person,)), CohortGroup(behaviors=(replace(BEHAVIOR, properties=(BROKEN,)),))):
        with pytest.raises(BadUserInput, match=r"missing \)") as caught:
            members(CohortDefinition((group,)), CONTEXT, SavedObjects())
        assert caught.value.path == ("stored", "value")


@pytest.mark.parametrize("step", BROKEN_STEPS.values(), ids=BROKEN_STEPS)
def test_unreadable_pattern_of_a_saved_action_is_an_error_of_the_behavior(step: ActionStep) -> None:
    saved_objects = SavedObjects({7: Action(7, "buys", (step,))})
    with pytest.raises(BadUserInput, match=r"Action 7 .*missing \)") as caught:
        behavior_query(replace(BEHAVIOR, event=None, action_id=7), CONTEXT, saved_objects)
    assert caught.value.path == (*BEHAVIOR.path, "action_id")


def test_unreadable_pattern_in_a_breakdown_is_refused() -> None:
    breakdown = Breakdown("extract(event, '[')", BreakdownType.HOGQL, path=("query", "breakdown", 0))
    with pytest.raises(BadUserInput, match="missing ]") as caught:
        compile_trend(resolved(replace(TREND, breakdowns=(breakdown,))), NativeLayout())
    assert caught.value.path == ("query", "breakdown", 0)


def resolved(query: TrendQuery) -> ResolvedTrend:
    return resolve(query, TrendProject(1, UTC_ZONE), local_now())
