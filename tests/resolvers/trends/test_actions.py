"""Action conditions on real rows: every key of a step, every matching, and what is ignored."""

from zoneinfo import ZoneInfo

import pytest

from datasource.clickhouse.engine import Engine
from errors import BadUserInput
from resolvers.trends.actions import Action, ActionStep, StringMatching, action_condition
from resolvers.trends.query import PropertyFilter, PropertyOperator
from tests.resolvers.trends.element_events import Element, Row, chain, find, insert_rows
from tests.support.clock import compile_context

CONTEXT = compile_context()
CONTAINS, EXACT, REGEX = StringMatching
BUTTON = Element("button", ("btn", "primary"), id="buy", text="Buy now", page={"data-x": "1"})
LINK = Element("a", ("nav",), href="/Docs/50%_off", text="Read the docs")
BODY = Element("body", ("page",))
ROWS = (
    Row("view", "$pageview", properties={"$current_url": "https://x/pricing?a=1", "plan": "pro"}),
    Row("loud", "$pageview", properties={"$current_url": "https://x/PRICING", "plan": "free"}),
    Row("plain", "$pageview", properties={"$current_url": "/pricing"}),
    Row("no url", "$pageview"),
    Row("null url", "$pageview", properties={"$current_url": None}),
    Row("slash", "$pageview", properties={"$current_url": "C:\\50%_off"}),
    Row("sign up", "sign up", properties={"plan": "pro"}),
    Row("button", chain=chain(BUTTON, LINK, BODY), properties={"$current_url": "/pricing"}),
    Row("link", chain=chain(LINK, BODY)),
    Row("body", chain=chain(BODY)),
    Row("no chain"),
    Row("other event", "rageclick", chain=chain(BUTTON, BODY)),
)
IDS = {row.id for row in ROWS}
CAPTURED = {"button", "link", "body", "no chain"}
PAGEVIEWS = {"view", "loud", "plain", "no url", "null url", "slash"}


def _condition(*steps: ActionStep) -> object:
    return action_condition(Action(1, "an action", steps), CONTEXT)


async def _found(engine: Engine, project_id: int, *steps: ActionStep) -> set[str]:
    await insert_rows(engine, project_id, ROWS)
    return await find(engine, project_id, action_condition(Action(1, "an action", steps), CONTEXT))


def _captured(**set_: str | StringMatching) -> ActionStep:
    return ActionStep("$autocapture", **set_)  # type: ignore[arg-type]  # names and values as the table has them


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (ActionStep(),),
        (ActionStep("sign up"), ActionStep()),
        (ActionStep(url_matching=EXACT, text_matching=REGEX),),
        (ActionStep(text="Buy now", href="/x", selector="a", tag_name="a"),),
    ],
)
def test_action_without_conditions_is_always_true(steps: tuple[ActionStep, ...]) -> None:
    assert _condition(*steps) is None


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (ActionStep("sign up"), {"sign up"}),
        (ActionStep("Sign up"), set()),
        (ActionStep("$pageview"), PAGEVIEWS),
        (ActionStep("$autocapture"), CAPTURED),
        (ActionStep("'; DROP TABLE events; --"), set()),
    ],
)
async def test_step_with_event_matches_its_name(
    engine: Engine, project_id: int, step: ActionStep, expected: set[str]
) -> None:
    assert await _found(engine, project_id, step) == expected


@pytest.mark.parametrize(
    ("url", "matching", "expected"),
    [
        ("/pricing", CONTAINS, {"view", "plain", "button"}),
        ("/PRICING", CONTAINS, {"loud"}),
        ("https://%a=1", CONTAINS, {"view"}),
        ("https://_/P", CONTAINS, {"loud"}),
        ("x_pricing", CONTAINS, {"view"}),
        ("C:\\50%_off", CONTAINS, {"slash"}),
        ("C:\\", CONTAINS, {"slash"}),
        ("\\%", CONTAINS, {"slash"}),
        ("%", CONTAINS, {"view", "loud", "plain", "slash", "button"}),
        ("'", CONTAINS, set()),
        ("/pricing", EXACT, {"plain", "button"}),
        ("/pric%", EXACT, set()),
        ("pricing", REGEX, {"view", "plain", "button"}),
        ("(?i)pricing$", REGEX, {"loud", "plain", "button"}),
        ("^/p.*g$", REGEX, {"plain", "button"}),
        (r"^C:\\50%_", REGEX, {"slash"}),
    ],
)
async def test_step_with_url_matches_current_url(
    engine: Engine, project_id: int, url: str, matching: StringMatching, expected: set[str]
) -> None:
    assert await _found(engine, project_id, ActionStep(url=url, url_matching=matching)) == expected


async def test_step_with_url_matches_substrings_by_default(engine: Engine, project_id: int) -> None:
    assert await _found(engine, project_id, ActionStep("$pageview", "pricing?")) == {"view"}


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (_captured(text="Buy now"), {"button"}),
        (_captured(text="Read the docs"), {"button", "link"}),
        (_captured(text="buy now"), set()),
        (_captured(text="Buy"), set()),
        (_captured(text="buy", text_matching=CONTAINS), {"button"}),
        (_captured(text="R_ad%DOCS", text_matching=CONTAINS), {"button", "link"}),
        (_captured(text="^B.y", text_matching=REGEX), {"button"}),
        (_captured(text="^b", text_matching=REGEX), set()),
        (_captured(href="/Docs/50%_off"), {"button", "link"}),
        (_captured(href="/docs/50%_off"), set()),
        (_captured(href="/docs", href_matching=CONTAINS), {"button", "link"}),
        (_captured(href="d_cs%off", href_matching=CONTAINS), {"button", "link"}),
        (_captured(href="off$", href_matching=REGEX), {"button", "link"}),
        (_captured(href=""), {"body", "no chain"}),
        (_captured(tag_name="button"), {"button"}),
        (_captured(tag_name="a"), {"button", "link"}),
        (_captured(tag_name="b"), set()),
        (_captured(tag_name="."), set()),
        (_captured(selector="body > a.nav"), {"button", "link"}),
        (_captured(selector="#buy"), {"button"}),
        (_captured(selector="*"), {"button", "link", "body"}),
        (
            _captured(text="Buy now", tag_name="a", selector=".btn", href="docs", href_matching=CONTAINS),
            {"button"},
        ),
        (_captured(text="Buy now", tag_name="form"), set()),
        (_captured(tag_name="a", url="/pricing", url_matching=EXACT), {"button"}),
    ],
)
async def test_autocapture_step_matches_elements(
    engine: Engine, project_id: int, step: ActionStep, expected: set[str]
) -> None:
    assert await _found(engine, project_id, step) == expected


@pytest.mark.parametrize("event", ["$pageview", "rageclick"])
async def test_step_of_another_event_ignores_elements(engine: Engine, project_id: int, event: str) -> None:
    step = ActionStep(event, text="no such text", href="/nowhere", selector="> broken", tag_name="table")
    assert await _found(engine, project_id, step) == {row.id for row in ROWS if row.event == event}


async def test_steps_are_alternatives_and_each_is_a_conjunction(engine: Engine, project_id: int) -> None:
    steps = (ActionStep("$pageview", "/pricing"), ActionStep("sign up"))
    assert await _found(engine, project_id, *steps) == {"view", "plain", "sign up"}


async def test_an_empty_step_makes_the_others_redundant(engine: Engine, project_id: int) -> None:
    assert await _found(engine, project_id, ActionStep("sign up"), ActionStep()) == IDS


async def test_step_with_filters_needs_them_too(engine: Engine, project_id: int) -> None:
    pro = PropertyFilter("plan", "pro")
    assert await _found(engine, project_id, ActionStep("$pageview", properties=(pro,))) == {"view"}
    any_plan = ActionStep(properties=(PropertyFilter("plan", ("pro", "free")),))
    assert await _found(engine, project_id, any_plan) == {"view", "loud", "sign up"}
    both = ActionStep(properties=(pro, PropertyFilter("plan", "free")))
    assert await _found(engine, project_id, both) == set()


async def test_step_with_a_date_filter_reads_it_in_the_time_zone(engine: Engine, project_id: int) -> None:
    await insert_rows(engine, project_id, [Row("noon", "x", properties={"at": "2020-01-01T00:00:00Z"})])
    at_nine = PropertyFilter("at", "2020-01-01 09:00", PropertyOperator.IS_DATE_EXACT)
    action = Action(1, "", (ActionStep("x", properties=(at_nine,)),))
    assert await find(engine, project_id, action_condition(action, compile_context(ZoneInfo("Asia/Tokyo")))) == {
        "noon"
    }
    assert await find(engine, project_id, action_condition(action, CONTEXT)) == set()


@pytest.mark.parametrize(
    ("step", "key"),
    [
        (_captured(selector="a >"), "selector"),
        (_captured(selector=""), "selector"),
        (_captured(tag_name=""), "tag_name"),
        (ActionStep(url="(", url_matching=REGEX), "url"),
        (_captured(text="[", text_matching=REGEX), "text"),
        (_captured(href="(?!a)", href_matching=REGEX), "href"),
    ],
)
def test_invalid_step_is_rejected_with_its_path(step: ActionStep, key: str) -> None:
    with pytest.raises(BadUserInput) as caught:
        action_condition(Action(1, "", (ActionStep("x"), step)), CONTEXT, ("input",))
    assert caught.value.path == ("input", "steps", 1, key)
    assert caught.value.hint
