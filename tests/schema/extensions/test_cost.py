"""The cost of documents, and that the SDL declares the same."""

from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import (
    DirectiveNode,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    ObjectTypeDefinitionNode,
    get_named_type,
    get_operation_ast,
    is_composite_type,
    parse,
    validate,
    value_from_ast_untyped,
)

from schema.build import build_schema, print_sdl
from schema.extensions.cost import CostCalculator
from schema.extensions.shape import MAX_COUNT
from schema.field_costs import read_cost, read_input_cost
from settings import Settings

NOW = datetime(2020, 1, 15, 13, 5, tzinfo=UTC)
SCHEMA = build_schema(Settings())._schema
NAMES = "actions(first: 3) { edges { node { name } } }"
SMALLEST = 11  # by the directives: the query, its list of series, and one series
TREND = "trend(query: {events: [{}]}) { days }"


def cost_of(document: str, variables: dict[str, Any] | None = None) -> int:
    parsed = parse(document)
    assert validate(SCHEMA, parsed) == []
    operation = get_operation_ast(parsed)
    assert operation is not None
    calculator = CostCalculator.of(SCHEMA, parsed, variables or {}, now=NOW, max_figures=1_000_000)
    return calculator.calculate(operation).cost


def of_project(selected: str, fragments: str = "", variables: dict[str, Any] | None = None, head: str = "") -> int:
    """Return the cost of selections on a project, without the project's own."""
    return cost_of(f'query{head} {{ project(id: "1") {{ {selected} }} }} {fragments}', variables) - 1


@pytest.mark.parametrize(
    ("selected", "cost"),
    [
        ("name timezone __typename", 0),
        (TREND, SMALLEST),
        ("trend(query: {events: [{}]}) { days series { data } statistics { queries } }", SMALLEST + 1 + 1),
        (f"{NAMES} again: {NAMES}", 2 * (1 + 3 * 2)),
        ("actions { edges { node { name } } totalCount pageInfo { endCursor } }", 1 + 50 * 2 + 1),
        ("actions(first: 0) { edges { node { name } } }", 1),
        ("actions(first: -4) { edges { node { name } } }", 1),
        ("actions(first: 4) { totalCount }", 1),
        ("actions(first: 2) { edges { node { steps { properties { key } } } } }", 1 + 2 * (2 + 5 * (1 + 5))),
        ('propertyValues(key: "a", first: 7) { value }', 10 + 7),
        ('propertyValues(key: "a") { value }', 10 + 20),
        ("eventDefinitions(first: 1) { edges { cursor } }", 10 + 1),
        ("insights(first: 4) { edges { node { trend { days } } } }", 1 + 4 * (2 + 10)),
    ],
)
def test_cost_of_a_selection(selected: str, cost: int) -> None:
    assert of_project(selected) == cost


@pytest.mark.parametrize(
    ("given", "size"),
    [({"n": 7}, 7), ({"n": 7.0}, 7), ({}, 5), ({"n": "many"}, 50), ({"n": 1e300}, 50), ({"n": None}, 50)],
)
def test_cost_of_a_page_depends_on_the_variable(given: dict[str, Any], size: int) -> None:
    selected = "actions(first: $n) { edges { cursor } }"
    assert of_project(selected, variables=given, head="($n: Int! = 5)") == 1 + size


@pytest.mark.parametrize(
    ("directive", "is_counted"),
    [
        ("@skip(if: true)", False),
        ("@skip(if: false)", True),
        ("@include(if: false)", False),
        ("@include(if: $yes)", True),
        ("@skip(if: $yes)", False),
        ("@include(if: $default)", False),
    ],
)
@pytest.mark.parametrize("how", ["trend", "inline", "spread"])
def test_skipped_selections_cost_nothing(directive: str, is_counted: bool, how: str) -> None:
    selected = {
        "trend": TREND.replace("{ days }", f"{directive} {{ days }}"),
        "inline": f"... {directive} {{ {TREND} }}",
        "spread": f"...t {directive}",
    }[how]
    fragments = f"fragment t on Project {{ {TREND} }}" if how == "spread" else ""
    head = ""
    if "$" in directive:
        head = "($yes: Boolean!)" if "$yes" in directive else "($default: Boolean! = false)"
    assert of_project(selected, fragments, {"yes": True}, head) == (SMALLEST if is_counted else 0)


def test_fragment_counts_at_every_spread() -> None:
    shared = "fragment u on AccessControlled { accessPolicy { __typename } }"
    fragments = f"{shared} fragment t on Project {{ {TREND} ...u }}"
    assert of_project("...t", fragments) == SMALLEST + 1
    assert of_project("...t ... on AccessControlled { ...u }", fragments) == SMALLEST + 1 + 1


def test_cost_of_nested_fragments_is_capped() -> None:
    doubled = " ".join(f"fragment f{n} on Project {{ ...f{n + 1} ...f{n + 1} }}" for n in range(80))
    assert of_project("...f0", f"{doubled} fragment f80 on Project {{ {TREND} }}") == MAX_COUNT - 1


def test_cost_of_entities_depends_on_the_representations() -> None:
    action = "... on Action { name steps { event } }"
    references = [{"__typename": "Project", "id": "1"}] * 6
    for project, each in (
        (TREND, 1 + SMALLEST),
        ("name", 1 + 5),
    ):  # each is a project or an action: the more expensive counts
        selected = f"{{ __typename ... on Project {{ {project} }} {action} }}"
        document = f"query($r: [_Any!]!) {{ _entities(representations: $r) {selected} }}"
        assert cost_of(document, {"r": references}) == 6 * each


def test_introspection_costs_nothing() -> None:
    assert cost_of("{ __schema { types { fields { name } } } __typename }") == 0


def object_types() -> list[GraphQLObjectType | GraphQLInterfaceType]:
    return [
        each
        for name, each in SCHEMA.type_map.items()
        if isinstance(each, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__")
    ]


def test_every_list_of_objects_has_a_size() -> None:
    sized: dict[str, list[tuple[str, ...]]] = {}
    for each in object_types():
        for field in each.fields.values():
            sized.setdefault(get_named_type(field.type).name, []).append(read_cost(field).sized_fields)
    unbounded = {
        f"{each.name}.{name}"
        for each in object_types()
        for name, field in each.fields.items()
        if read_cost(field).is_list
        and is_composite_type(get_named_type(field.type))
        and not read_cost(field).is_bounded
        and not all(name in fields for fields in sized.get(each.name, [()]))
    }
    assert unbounded == {"Query._entities"}  # one per representation


def test_declared_arguments_and_defaults_exist() -> None:
    for each in object_types():
        for field in each.fields.values():
            declared = read_cost(field)
            for name in declared.slicing_arguments:
                assert field.args[name].default_value == declared.default_size
            inner = get_named_type(field.type)
            for name in declared.sized_fields:
                assert isinstance(inner, GraphQLObjectType)
                assert read_cost(inner.fields[name]).is_list


def test_sdl_declares_what_is_enforced() -> None:
    for node in parse(print_sdl()).definitions:
        if not isinstance(node, ObjectTypeDefinitionNode):
            continue
        kind = SCHEMA.type_map[node.name.value]
        assert isinstance(kind, GraphQLObjectType)
        for field in node.fields or ():
            printed = {each.name.value: arguments_of(each) for each in field.directives or ()}
            declared = read_cost(kind.fields[field.name.value])
            if "cost" in printed:
                assert printed["cost"] == {"weight": declared.weight}
            else:
                assert declared.weight in (0, 1)
            for argument in field.arguments or ():
                assert printed_weight(argument) == read_input_cost(
                    kind.fields[field.name.value].args[argument.name.value]
                )
            size = printed.get("listSize", {})
            # Beside an argument with a default, an assumed size would contradict it or repeat it.
            assert size.get("assumedSize") == (None if declared.slicing_arguments else declared.default_size)
            assert tuple(size.get("slicingArguments", ())) == declared.slicing_arguments
            assert tuple(size.get("sizedFields", ())) == declared.sized_fields
            assert None not in size.values()  # composers of supergraphs reject null


def arguments_of(directive: DirectiveNode) -> dict[str, Any]:
    return {each.name.value: value_from_ast_untyped(each.value) for each in directive.arguments or ()}


def printed_weight(definition: InputValueDefinitionNode) -> Any:
    weights = [arguments_of(each)["weight"] for each in definition.directives or () if each.name.value == "cost"]
    return weights[0] if weights else None


def test_sdl_declares_the_costs_of_inputs() -> None:
    [query] = [
        node
        for node in parse(print_sdl()).definitions
        if isinstance(node, InputObjectTypeDefinitionNode) and node.name.value == "TrendQueryInput"
    ]
    kind = SCHEMA.type_map["TrendQueryInput"]
    assert isinstance(kind, GraphQLInputObjectType)
    found = {field.name.value: printed_weight(field) for field in query.fields or ()}
    assert found == {name: read_input_cost(field) for name, field in kind.fields.items()}
    assert {name for name, weight in found.items() if weight} == {"events", "actions"}


BY_X = {"breakdown": ["x"]}
YEAR = {"dateFrom": "2019-01-01", "dateTo": "2019-12-31"}
"""365 days."""


@pytest.mark.parametrize(
    ("query", "selected", "cost"),
    [
        # Queries: series, periods and cohorts.
        ({}, "hasMore", SMALLEST),
        ({"events": [{}] * 26}, "hasMore", 260),
        (
            {"events": [{}] * 13, "actions": [{"actionId": "1"}] * 13, "compare": True},
            "hasMore",
            520 + 52 * 8 // 250,
        ),
        (
            {"events": [{}] * 2, "breakdownType": "COHORT", "breakdown": ["all"] * 25},
            "hasMore",
            500 + 50 * 8 // 250,
        ),
        (
            {"breakdowns": [{"type": "COHORT", "property": "1"}, {"type": "COHORT", "property": "2"}]},
            "hasMore",
            20,
        ),
        # Figures: lines and buckets, lines behind formulas too.
        (YEAR | BY_X, "hasMore", SMALLEST + 26 * 365 // 250),
        (YEAR | BY_X | {"breakdownLimit": 1000}, "hasMore", SMALLEST + 1001 * 365 // 250),
        (YEAR | {"events": [{}] * 2, "formulas": [{"formula": "A"}] * 20}, "hasMore", 36 + 22 * 365 // 250),
        (YEAR | BY_X | {"display": "ACTIONS_TABLE", "breakdownLimit": 500}, "hasMore", SMALLEST + 501 // 250),
        (YEAR | BY_X | {"display": "WORLD_MAP", "breakdownLimit": 900}, "hasMore", SMALLEST + 251 // 250),
        (YEAR | BY_X | {"interval": "MINUTE"}, "hasMore", SMALLEST),  # too many buckets, an error of the field
        (YEAR | BY_X | {"interval": "HOUR", "breakdownLimit": 1000}, "hasMore", SMALLEST + 114 * 8737 // 250),
        ({"dateFrom": "no date"} | BY_X, "hasMore", SMALLEST),
        # What the answer repeats of them, and its series.
        (YEAR, "days labels", SMALLEST + 3 * 365 // 250),
        (YEAR | BY_X, "series { label }", SMALLEST + 26 + 26 * 365 // 250),
        (YEAR | BY_X, "series { data days labels }", SMALLEST + 26 + 4 * 26 * 365 // 250),
        (YEAR | BY_X, "csv again: csv", SMALLEST + 3 * 26 * 365 // 250),
        (YEAR | BY_X, "series { ...l }", SMALLEST + 26 + 41 * 26 * 365 // 250),
    ],
)
def test_cost_of_a_trend_grows_with_its_size(query: dict[str, Any], selected: str, cost: int) -> None:
    lists = " ".join(f"d{n}: days l{n}: labels" for n in range(20))
    fragments = f"fragment l on TrendSeries {{ {lists} }}" if "...l" in selected else ""
    field = f"trend(query: $q) {{ {selected} }}"
    given = {"q": {"events": [{}], **query}}
    assert of_project(field, fragments, given, "($q: TrendQueryInput!)") == cost


def test_cost_of_a_subscription_is_that_of_its_trend() -> None:
    query = '{events: [{}, {}], breakdown: ["x"]}'
    document = (
        f'subscription {{ trend(projectId: "1", query: {query}) {{ rowsRead result {{ series {{ data }} }} }} }}'
    )
    assert cost_of(document) == 20 + 1 + 52 + 2 * 52 * 8 // 250


def test_filters_cost_as_much_as_other_objects_of_an_input() -> None:
    query = {"events": [{"properties": [{"key": "a"}] * 200}]}
    assert of_project("trend(query: $q) { days }", variables={"q": query}, head="($q: TrendQueryInput!)") == 211
