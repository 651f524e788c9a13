"""Element filters on real rows: every key and operator, lists, and what is rejected."""

from zoneinfo import ZoneInfo

import pytest

from datasource.clickhouse.engine import Engine
from errors import BadUserInput
from resolvers.trends.filters import filter_condition
from resolvers.trends.query import FilterValue, PropertyFilter, PropertyOperator, PropertyType
from tests.resolvers.trends.element_events import Element, Row, chain, find, insert_rows
from tests.support.clock import compile_context

Op = PropertyOperator
UTC_ZONE = ZoneInfo("UTC")
ALL = {"buy", "docs", "mute", "none"}
ROWS = (
    Row("buy", chain=chain(Element("button", text="Buy"), Element("a", href="/cart", text="Cart"))),
    Row("docs", chain=chain(Element("a", href="/Docs", text="Docs"), Element("a", href="/outer"))),
    Row("mute", chain=chain(Element("div", ("buy",)))),
    Row("none", "$pageview"),
)
HOSTILE = (
    'say "hi"',
    '"',
    'ends with "',
    "a\\b",
    'a\\"b',
    '\\\\"',
    "'; DROP TABLE events; --",
    "a;b",
    'x;a.btn:text="no"',
    '"text="no',
    "text=",
    ":text=",
    "href=",
    ".*+?()|[]{}^$",
    "\\d\\E\\Q",
    "%_",
    "{p0:String}",
    "line\nbreak\ttab",
    "naïve 😀",
    "nul\0byte",
    " ",
)


def _filter(key: str, operator: Op, value: FilterValue = None) -> PropertyFilter:
    return PropertyFilter(key, value, operator, PropertyType.ELEMENT, path=("query", "filters", 0))


@pytest.mark.parametrize(
    ("key", "operator", "value", "expected"),
    [
        ("tag_name", Op.EXACT, "a", {"buy", "docs"}),
        ("tag_name", Op.EXACT, "A", set()),
        ("tag_name", Op.EXACT, "butt", set()),
        ("tag_name", Op.EXACT, "utton", set()),
        ("tag_name", Op.IS_NOT, "a", {"mute", "none"}),
        ("tag_name", Op.EXACT, ("button", "div"), {"buy", "mute"}),
        ("tag_name", Op.IS_NOT, ("button", "div"), {"docs", "none"}),
        ("tag_name", Op.EXACT, ("div",), {"mute"}),
        ("tag_name", Op.EXACT, (), set()),
        ("tag_name", Op.IS_NOT, (), ALL),
        ("selector", Op.EXACT, "a > button", {"buy"}),
        ("selector", Op.IS_NOT, "a > button", {"docs", "mute", "none"}),
        ("selector", Op.EXACT, (".buy", "a a"), {"docs", "mute"}),
        ("selector", Op.IS_NOT, (".buy", "a a"), {"buy", "none"}),
        ("selector", Op.EXACT, (), set()),
        ("href", Op.EXACT, "/cart", {"buy"}),
        ("href", Op.EXACT, "/outer", set()),
        ("href", Op.EXACT, "", {"mute", "none"}),
        ("href", Op.IS_NOT, "/cart", {"docs", "mute", "none"}),
        ("href", Op.ICONTAINS, "docs", {"docs"}),
        ("href", Op.ICONTAINS, "_c%t", {"buy"}),
        ("href", Op.NOT_ICONTAINS, "docs", {"buy", "mute", "none"}),
        ("href", Op.REGEX, "^/[a-z]", {"buy"}),
        ("href", Op.NOT_REGEX, "^/[a-z]", {"docs", "mute", "none"}),
        ("href", Op.EXACT, ("/cart", "/Docs"), {"buy", "docs"}),
        ("href", Op.IN, ("/cart", "/outer"), {"buy"}),
        ("href", Op.IS_NOT, ("/cart", "/Docs"), {"mute", "none"}),
        ("href", Op.NOT_IN, ("/cart", ""), {"docs"}),
        ("href", Op.ICONTAINS, ("car", "DOC"), {"buy", "docs"}),
        ("href", Op.NOT_ICONTAINS, ("car", "DOC"), {"mute", "none"}),
        ("href", Op.ICONTAINS, (), set()),
        ("href", Op.NOT_ICONTAINS, (), ALL),
        ("href", Op.IS_SET, None, {"buy", "docs"}),
        ("href", Op.IS_NOT_SET, None, {"mute", "none"}),
        ("href", Op.GT, "/a", {"buy"}),
        ("text", Op.EXACT, "Buy", {"buy"}),
        ("text", Op.EXACT, "Cart", {"buy"}),
        ("text", Op.EXACT, "buy", set()),
        ("text", Op.IS_NOT, "Buy", {"buy", "docs"}),
        ("text", Op.IS_NOT, "Docs", {"buy"}),
        ("text", Op.ICONTAINS, "BUY", {"buy"}),
        ("text", Op.NOT_ICONTAINS, "doc", {"buy"}),
        ("text", Op.REGEX, "^(Buy|Docs)$", {"buy", "docs"}),
        ("text", Op.NOT_REGEX, "^Docs$", {"buy"}),
        ("text", Op.EXACT, ("Cart", "Docs"), {"buy", "docs"}),
        ("text", Op.IS_NOT, ("Buy", "Docs"), {"buy"}),
        ("text", Op.IN, ("Cart",), {"buy"}),
        ("text", Op.NOT_IN, ("Docs",), {"buy"}),
        ("text", Op.EXACT, (), set()),
        ("text", Op.IS_SET, None, {"buy", "docs"}),
        ("text", Op.IS_NOT_SET, None, {"mute", "none"}),
        ("text", Op.LT, "C", {"buy"}),
    ],
)
async def test_filter_on_elements_finds(
    *, engine: Engine, project_id: int, key: str, operator: Op, value: FilterValue, expected: set[str]
) -> None:
    await insert_rows(engine, project_id, ROWS)
    condition = filter_condition(_filter(key, operator, value), compile_context(UTC_ZONE))
    assert await find(engine, project_id, condition) == expected


async def test_date_filter_on_strings_skips_values_that_are_not_dates(engine: Engine, project_id: int) -> None:
    rows = [Row("date", chain=chain(Element(text="Go"), Element(text="2020-02-01"))), *ROWS]
    await insert_rows(engine, project_id, rows)
    condition = filter_condition(_filter("text", Op.IS_DATE_AFTER, "2020-01-01"), compile_context(UTC_ZONE))
    assert await find(engine, project_id, condition) == {"date"}


@pytest.mark.parametrize(
    ("key", "operator", "value", "at"),
    [
        ("tag", Op.EXACT, "a", "key"),
        ("", Op.EXACT, "a", "key"),
        ("selector", Op.ICONTAINS, "a", "operator"),
        ("selector", Op.ICONTAINS, (), "operator"),
        ("selector", Op.IN, ("a",), "operator"),
        ("selector", Op.IS_SET, None, "operator"),
        ("tag_name", Op.REGEX, "a", "operator"),
        ("tag_name", Op.IS_NOT_SET, None, "operator"),
        ("selector", Op.EXACT, "a >", "value"),
        ("selector", Op.IS_NOT, ("a", "b ["), "value"),
        ("selector", Op.EXACT, None, "value"),
        ("selector", Op.EXACT, 7, "value"),
        ("tag_name", Op.EXACT, None, "value"),
        ("tag_name", Op.EXACT, "", "value"),
        ("href", Op.EXACT, None, "value"),
        ("text", Op.ICONTAINS, None, "value"),
        ("text", Op.IN, "Buy", "value"),
        ("href", Op.NOT_IN, "/cart", "value"),
        ("href", Op.BETWEEN, (1, 2), "value"),
        ("text", Op.NOT_BETWEEN, (1, 2), "value"),
        ("text", Op.IS_DATE_AFTER, "never", "value"),
    ],
)
def test_invalid_filter_on_elements_is_rejected(key: str, operator: Op, value: FilterValue, at: str) -> None:
    with pytest.raises(BadUserInput) as caught:
        filter_condition(_filter(key, operator, value), compile_context(UTC_ZONE))
    assert caught.value.path == ("query", "filters", 0, at)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("key", ["text", "href"])
async def test_hostile_text_and_link_match_only_themselves(
    engine: Engine, project_id: int, key: str, value: str
) -> None:
    like = Element("a", text=value) if key == "text" else Element("a", href=value)
    other = Element("a", text="no") if key == "text" else Element("a", href="no")
    around = Element(page={"data-a": "1"})
    await insert_rows(
        engine, project_id, [Row("it", chain=chain(like, around)), Row("not", chain=chain(other, around))]
    )
    exactly = filter_condition(_filter(key, Op.EXACT, value), compile_context(UTC_ZONE))
    assert await find(engine, project_id, exactly) == {"it"}
    somewhere = filter_condition(_filter(key, Op.ICONTAINS, value), compile_context(UTC_ZONE))
    assert await find(engine, project_id, somewhere) == ({"it", "not"} if value == "%_" else {"it"})
