from zoneinfo import ZoneInfo

import pytest

from datasource.clickhouse.engine import Engine
from datasource.sql.render import Statement, render
from datasource.sql.tree import Column, Expr, Field, Named, Select, transform
from errors import BadUserInput, ErrorCode
from resolvers.trends.filters import as_number, as_text, filter_condition, group_condition
from resolvers.trends.query import (
    FilterGroup,
    FilterValue,
    LogicalOperator,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    Scalar,
)
from tests.support.clock import UTC_ZONE, compile_context

CONTEXT = compile_context(UTC_ZONE)

Op = PropertyOperator
PATH = ("query", "properties", 3)
VALUE = (*PATH, "value")
BERLIN = ZoneInfo("Europe/Berlin")


def condition_of(
    operator: Op, value: FilterValue = None, type_: PropertyType = PropertyType.EVENT, key: str = "x"
) -> Expr | None:
    """The condition of a filter on the property x."""
    return filter_condition(PropertyFilter(key, value, operator, type_, 0, PATH), compile_context(BERLIN))


def written(condition: Expr | None) -> tuple[str, list[object]] | None:
    """The condition as text, each field by its name, and the values of its parameters."""
    if condition is None:
        return None
    named = transform(condition, lambda node: Column(node.name) if isinstance(node, Field) else node)
    statement: Statement = render(Select((Named(named, "it"),)))
    text = statement.text.removeprefix("SELECT\n    ").removesuffix(" AS it")
    for name, kind in statement.types.items():
        text = text.replace(f"{{{name}:{kind}}}", f"{name}:{kind}")
    return text, list(statement.params.values())


@pytest.mark.parametrize(
    ("operator", "value", "text", "params"),
    [
        (Op.EXACT, "a", "(event_text = p0:String)", ["a"]),
        (Op.EXACT, "", "(event_text = p0:String)", [""]),
        (Op.EXACT, True, "(event_text = p0:String)", ["true"]),
        (Op.EXACT, 5, "(event_text = p0:String)", ["5"]),
        (Op.EXACT, 5.0, "(event_text = p0:String)", ["5"]),
        (Op.EXACT, ("a",), "(event_text = p0:String)", ["a"]),
        (Op.EXACT, ("a", 1), "(event_text IN p0:Array(String))", [("a", "1")]),
        (Op.IN, ("a",), "(event_text = p0:String)", ["a"]),
        (Op.IN, ("a", "b"), "(event_text IN p0:Array(String))", [("a", "b")]),
        (Op.IS_NOT, "a", "not(ifNull((event_text = p0:String), 0))", ["a"]),
        (Op.IS_NOT, ("a", "b"), "not(ifNull((event_text IN p0:Array(String)), 0))", [("a", "b")]),
        (Op.NOT_IN, ("a",), "not(ifNull((event_text = p0:String), 0))", ["a"]),
        (Op.NOT_IN, ("a", "b"), "not(ifNull((event_text IN p0:Array(String)), 0))", [("a", "b")]),
        (Op.ICONTAINS, "a", "ilike(event_text, p0:String)", ["%a%"]),
        (Op.ICONTAINS, "50%_", "ilike(event_text, p0:String)", ["%50%_%"]),
        (Op.ICONTAINS, "a\\b", "ilike(event_text, p0:String)", ["%a\\\\b%"]),
        (
            Op.ICONTAINS,
            ("a", "b"),
            "(ilike(event_text, p0:String) OR ilike(event_text, p1:String))",
            ["%a%", "%b%"],
        ),
        (Op.NOT_ICONTAINS, "a", "not(ifNull(ilike(event_text, p0:String), 0))", ["%a%"]),
        (
            Op.NOT_ICONTAINS,
            ("a", "b"),
            "not(ifNull((ilike(event_text, p0:String) OR ilike(event_text, p1:String)), 0))",
            ["%a%", "%b%"],
        ),
        (Op.REGEX, "^C", "match(event_text, p0:String)", ["^C"]),
        (Op.NOT_REGEX, "^C", "not(ifNull(match(event_text, p0:String), 0))", ["^C"]),
        (
            Op.NOT_REGEX,
            ("^C", "d"),
            "not(ifNull((match(event_text, p0:String) OR match(event_text, p1:String)), 0))",
            ["^C", "d"],
        ),
        (Op.GT, 5, "(event_number > p0:Float64)", [5.0]),
        (Op.GT, "5", "(event_number > p0:Float64)", [5.0]),
        (Op.GTE, "-1.5e3", "(event_number >= p0:Float64)", [-1500.0]),
        (Op.LT, 2.5, "(event_number < p0:Float64)", [2.5]),
        (Op.LTE, ".5", "(event_number <= p0:Float64)", [0.5]),
        (Op.GT, "abc", "(event_text > p0:String)", ["abc"]),
        (Op.LT, "5 apples", "(event_text < p0:String)", ["5 apples"]),
        (Op.LT, "1e999", "(event_text < p0:String)", ["1e999"]),
        (Op.LT, "inf", "(event_text < p0:String)", ["inf"]),
        (Op.LT, "", "(event_text < p0:String)", [""]),
        (Op.GT, (1, 2), "((event_number > p0:Float64) OR (event_number > p1:Float64))", [1.0, 2.0]),
        (Op.BETWEEN, (1, 2), "and((event_number >= p0:Float64), (event_number <= p1:Float64))", [1.0, 2.0]),
        (Op.BETWEEN, ("1", 1), "and((event_number >= p0:Float64), (event_number <= p0:Float64))", [1.0]),
        (Op.NOT_BETWEEN, (1, 2), "or((event_number < p0:Float64), (event_number > p1:Float64))", [1.0, 2.0]),
        (Op.IS_SET, None, "isNotNull(event_text)", []),
        (Op.IS_SET, "ignored", "isNotNull(event_text)", []),
        (Op.IS_NOT_SET, None, "isNull(event_text)", []),
    ],
)
def test_condition_of_an_operator(operator: Op, value: FilterValue, text: str, params: list[object]) -> None:
    assert written(condition_of(operator, value)) == (text, params)


@pytest.mark.parametrize(
    ("operator", "sign"), [(Op.IS_DATE_EXACT, "="), (Op.IS_DATE_BEFORE, "<"), (Op.IS_DATE_AFTER, ">")]
)
@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2020-01-05", "2020-01-04 23:00:00.000000"),
        ("2020-07-05 12:00", "2020-07-05 10:00:00.000000"),
        ("2020-01-05T12:00:00.5Z", "2020-01-05 12:00:00.500000"),
        (2020, "2019-12-31 23:00:00.000000"),
        # Now is 14:05:01 in Berlin on Wednesday, 2020-01-15.
        ("-7d", "2020-01-08 13:05:01.000000"),
        ("-24h", "2020-01-14 13:05:01.000000"),
        ("-1M", "2020-01-15 13:04:01.000000"),
        ("today", "2020-01-14 23:00:00.000000"),
        ("yesterday", "2020-01-13 23:00:00.000000"),
        ("wStart", "2020-01-11 23:00:00.000000"),
        ("-1mEnd", "2019-12-31 22:59:59.999999"),
    ],
)
def test_date_is_compared_as_an_instant_of_the_projects_time_zone(
    operator: Op, sign: str, value: Scalar, instant: str
) -> None:
    read = "parseDateTime64BestEffortOrNull(event_text, 6, p0:String)"
    expected = (f"({read} {sign} p1:DateTime64(6, 'UTC'))", ["Europe/Berlin", instant])
    assert written(condition_of(operator, value)) == expected


@pytest.mark.parametrize(
    ("type_", "key", "field"),
    [
        (PropertyType.EVENT, "x", "event_text"),
        (PropertyType.PERSON, "x", "person_text"),
        (PropertyType.GROUP, "x", "group_text"),
        (PropertyType.EVENT_METADATA, "distinct_id", "distinct_id"),
        (PropertyType.EVENT_METADATA, "event", "event"),
        (PropertyType.EVENT_METADATA, "$group_4", "group_key"),
    ],
)
def test_condition_reads_the_field_of_its_type(type_: PropertyType, key: str, field: str) -> None:
    assert written(condition_of(Op.EXACT, "a", type_, key)) == (f"({field} = p0:String)", ["a"])


@pytest.mark.parametrize(
    "operator", [op for op in Op if op not in (Op.IS_SET, Op.IS_NOT_SET, Op.BETWEEN, Op.NOT_BETWEEN)]
)
def test_empty_list_of_values_is_always_true(operator: Op) -> None:
    assert condition_of(operator, ()) is None


@pytest.mark.parametrize("operator", [op for op in Op if op not in (Op.IS_SET, Op.IS_NOT_SET)])
def test_missing_value_is_rejected_without_naming_other_operators(operator: Op) -> None:
    with pytest.raises(BadUserInput) as caught:
        condition_of(operator, None)
    assert caught.value.path == VALUE
    named = {word.strip(".,") for word in caught.value.message.split()} & {op.value for op in Op}
    assert named <= {operator.value}


@pytest.mark.parametrize("operator", [Op.IN, Op.NOT_IN])
@pytest.mark.parametrize("value", ["a", 5, True])
def test_scalar_where_a_list_is_needed_is_rejected(operator: Op, value: Scalar) -> None:
    with pytest.raises(BadUserInput, match="IN and NOT_IN need a list of values") as caught:
        condition_of(operator, value)
    assert caught.value.path == VALUE
    assert caught.value.hint


@pytest.mark.parametrize("operator", [Op.BETWEEN, Op.NOT_BETWEEN])
@pytest.mark.parametrize(
    "value", [5, "1,2", (), (1,), (1, 2, 3), (2, 1), (1, "x"), ("", 2), (True, 2), ("-inf", 2)]
)
def test_anything_but_two_ordered_numbers_is_rejected(operator: Op, value: FilterValue) -> None:
    with pytest.raises(BadUserInput, match=f"{operator} needs two numbers, the smaller one first") as caught:
        condition_of(operator, value)
    assert caught.value.path == VALUE
    assert caught.value.hint


@pytest.mark.parametrize("operator", [Op.IS_DATE_EXACT, Op.IS_DATE_BEFORE, Op.IS_DATE_AFTER])
@pytest.mark.parametrize(
    "value", ["soon", "-7D", "-7", "-999999y", "", 5, 1577836800, True, "2020-02-30", "0001-01-01"]
)
@pytest.mark.parametrize("listed", [False, True])
def test_value_that_is_not_a_date_is_rejected(operator: Op, value: Scalar, listed: bool) -> None:
    with pytest.raises(BadUserInput) as caught:
        condition_of(operator, ("2020-01-01", value) if listed else value)
    assert caught.value.path == VALUE
    assert caught.value.code is ErrorCode.BAD_USER_INPUT
    assert caught.value.hint


def test_property_without_a_key_is_rejected() -> None:
    with pytest.raises(BadUserInput, match="key is required") as caught:
        condition_of(Op.EXACT, "a", key="")
    assert caught.value.path == (*PATH, "key")


@pytest.mark.parametrize("key", ["nothing", "$group_5", "$group_", "properties", "person_no"])
def test_unknown_field_of_an_event_is_rejected(key: str) -> None:
    with pytest.raises(BadUserInput, match="Events have no field") as caught:
        condition_of(Op.EXACT, "a", PropertyType.EVENT_METADATA, key)
    assert caught.value.path == (*PATH, "key")


@pytest.mark.parametrize("index", [None, -1, 5])
def test_group_property_without_a_group_type_is_rejected(index: int | None) -> None:
    with pytest.raises(BadUserInput, match="group type index is required") as caught:
        filter_condition(PropertyFilter("x", "a", Op.EXACT, PropertyType.GROUP, index, PATH), CONTEXT)
    assert caught.value.path[: len(PATH)] == PATH


A, B, C = (PropertyFilter(key, key, path=("query", "properties", n)) for n, key in enumerate("abc"))
ALWAYS = PropertyFilter("d", ())
AND, OR = LogicalOperator.AND, LogicalOperator.OR
IS_A, IS_B, IS_C = (f"(event_text = p{n}:String)" for n in range(3))


@pytest.mark.parametrize(
    ("group", "text"),
    [
        (FilterGroup(), None),
        (FilterGroup(OR), None),
        (FilterGroup(AND, (FilterGroup(OR), FilterGroup())), None),
        (FilterGroup(AND, (A,)), IS_A),
        (FilterGroup(OR, (A,)), IS_A),
        (FilterGroup(AND, (FilterGroup(OR, (A,)),)), IS_A),
        (FilterGroup(AND, (A, B)), f"({IS_A} AND {IS_B})"),
        (FilterGroup(OR, (A, B)), f"({IS_A} OR {IS_B})"),
        (FilterGroup(AND, (A, FilterGroup(OR, (B, C)))), f"({IS_A} AND ({IS_B} OR {IS_C}))"),
        (FilterGroup(OR, (FilterGroup(AND, (A, B)), C)), f"(({IS_A} AND {IS_B}) OR {IS_C})"),
        (FilterGroup(AND, (A, FilterGroup(AND, (B, C)))), f"({IS_A} AND {IS_B} AND {IS_C})"),
        (FilterGroup(AND, (A, ALWAYS)), IS_A),
        (FilterGroup(AND, (A, FilterGroup(OR))), IS_A),
        (FilterGroup(OR, (A, ALWAYS)), None),
        (FilterGroup(OR, (A, FilterGroup())), None),
        (FilterGroup(AND, (A, FilterGroup(OR, (B, ALWAYS)))), IS_A),
    ],
)
def test_condition_of_a_tree(group: FilterGroup, text: str | None) -> None:
    found = written(group_condition(group, CONTEXT))
    assert (found and found[0]) == text


def test_error_inside_a_tree_has_the_path_of_its_filter() -> None:
    bad = PropertyFilter("b", None, path=("query", "propertyGroup", "groups", 1, "filters", 0))
    with pytest.raises(BadUserInput) as caught:
        group_condition(FilterGroup(OR, (ALWAYS, FilterGroup(AND, (A, bad)))), CONTEXT)
    assert caught.value.path == (*bad.path, "value")


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5.0),
        (2.5, 2.5),
        ("12.5", 12.5),
        ("+1", 1.0),
        ("1.", 1.0),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        ("1e999", None),
        (10**400, None),
        (float("inf"), None),
        (float("nan"), None),
        ("nan", None),
        ("inf", None),
        ("1_000", None),
        (" 1", None),
        ("1\n", None),
        ("0x10", None),
        ("", None),
        ("-", None),
        ("1.2.3", None),
        (True, None),
        ("true", None),
    ],
)
def test_number_of_a_value(value: Scalar, number: float | None) -> None:
    assert as_number(value) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (1, "1"),
        (10**30, "1" + "0" * 30),
        (1.0, "1"),
        (-0.0, "0"),
        (1.5, "1.5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (0.00001, "0.00001"),
        (0.0000001, "1e-7"),
        (1e16, "10000000000000000"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e21, "1e21"),
        (-2.5e-7, "-2.5e-7"),
        (1.7976931348623157e308, "1.7976931348623157e308"),
        (5e-324, "5e-324"),
    ],
)
def test_string_of_a_value(value: Scalar, text: str) -> None:
    assert as_text(value) == text


async def test_string_of_a_number_is_that_of_clickhouse(engine: Engine) -> None:
    numbers = [digits * 10.0**power for power in range(-12, 25) for digits in (1, -1.5, 1 / 3, 7, 12345.678)]
    result = await engine.query(
        """
        SELECT CAST(CAST(concat('{"a": ', number, '}') AS JSON).a AS Nullable(String))
        FROM (SELECT arrayJoin({p:Array(String)}) AS number)
        """,
        {"p": [repr(number) for number in numbers]},
    )
    assert result.columns[0] == [as_text(number) for number in numbers]
