"""The committed SDL, and what clients rely on in it."""

import re
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    introspection_types,
    is_specified_scalar_type,
)

from permissions.guarded_field import unguarded_fields
from schema.build import build_schema, print_sdl
from schema.entity_references import ENTITIES
from schema.mutation import Mutation
from schema.query import Query
from settings import Settings

FEDERATION = ("_", "link__")
SCHEMA = build_schema(Settings())
TYPES = {
    name: graphql_type
    for name, graphql_type in SCHEMA._schema.type_map.items()
    if name not in introspection_types
    and not is_specified_scalar_type(graphql_type)
    and not name.startswith(FEDERATION)
}

INPUTS = {
    "TrendQueryInput": (
        "events actions properties propertyGroup filterTestAccounts dateFrom dateTo explicitDate interval "
        "breakdown breakdownType breakdownGroupTypeIndex breakdownHistogramBinCount breakdownNormalizeUrl "
        "breakdowns breakdownLimit breakdownHideOther compare compareTo display formula formulas "
        "smoothingIntervals samplingFactor"
    ),
    "EventSeriesInput": (
        "event customName order math mathProperty mathPropertyType mathGroupTypeIndex mathExpression properties "
        "propertyGroup"
    ),
    "ActionSeriesInput": (
        "actionId customName order math mathProperty mathPropertyType mathGroupTypeIndex mathExpression "
        "properties propertyGroup"
    ),
    "BreakdownInput": "type property groupTypeIndex histogramBinCount normalizeUrl",
    "FormulaInput": "formula customName",
    "PropertyFilterInput": "key value operator type groupTypeIndex",
    "PropertyGroupInput": "type filters groups",
    "ActionStepInput": ("event url urlMatching text textMatching href hrefMatching selector tagName properties"),
    "ActionCreateInput": "projectId name description steps",
    "ActionUpdateInput": "projectId id name description steps",
    "InsightCreateInput": "projectId name description query",
    "InsightUpdateInput": "projectId id name description query",
    "CohortGroupInput": "properties behaviors",
    "CohortBehaviorInput": (
        "kind event actionId properties negated timeValue timeInterval explicitDatetime countOperator count "
        "minPeriods totalPeriods seqEvent seqActionId seqTimeValue seqTimeInterval"
    ),
    "CohortCreateInput": "projectId name description filters distinctIds",
    "CohortUpdateInput": "projectId id name description filters distinctIds",
    "AccessControlSetInput": "projectId resource resourceId memberId roleId accessLevel",
}
SIZES = {
    "TrendInterval": 10,
    "WeekStartDay": 7,
    "TrendRefresh": 2,
    "LogicalOperator": 2,
    "BreakdownType": 7,
    "TrendDisplay": 10,
    "PropertyType": 8,
    "PropertyOperator": 19,
    "TrendMath": 26,
    "TrendWarningCode": 9,
    "CompareLabel": 2,
    "StringMatching": 3,
    "OrganizationLevel": 3,
    "CohortBehaviorKind": 7,
    "CohortCountOperator": 5,
    "CohortInterval": 6,
    "AccessLevel": 6,
    "AccessControlledResource": 4,
    "AccessGrantSource": 8,
    "AccessSubject": 3,
    "AccessSource": 6,
    "ResourceAction": 5,
    "AuditAction": 14,
    "ActorKind": 2,
}


def test_committed_sdl_is_current() -> None:
    committed = (Path(__file__).parents[2] / "schema.graphql").read_text(encoding="utf-8")
    assert committed == print_sdl(), "run: python server.py schema > schema.graphql"


@pytest.mark.parametrize("name", INPUTS)
def test_input_has_every_field(name: str) -> None:
    graphql_type = TYPES[name]
    assert isinstance(graphql_type, GraphQLInputObjectType)
    assert set(graphql_type.fields) == set(INPUTS[name].split())


@pytest.mark.parametrize("name", SIZES)
def test_enum_has_every_value(name: str) -> None:
    graphql_type = TYPES[name]
    assert isinstance(graphql_type, GraphQLEnumType)
    assert len(graphql_type.values) == SIZES[name]


def test_every_type_field_and_argument_is_described() -> None:
    assert [name for name in _names() if not name[1]] == []


def test_every_enum_is_in_the_table() -> None:
    assert {name for name, graphql_type in TYPES.items() if isinstance(graphql_type, GraphQLEnumType)} == set(
        SIZES
    )


def test_root_fields_are_all_guarded() -> None:
    assert unguarded_fields(Query, Mutation) == ()


def test_no_default_is_null() -> None:
    assert "= null" not in print_sdl()


def test_sdl_contains_the_scopes() -> None:
    assert '@requiresScopes(scopes: [["insight:read"]])' in print_sdl()
    assert 'schema @link(url: "https://specs.apollo.dev/federation/v2.9"' in print_sdl()


def test_every_entity_is_registered() -> None:
    keys = dict(re.findall(r'^type (\w+)[^{]* @key\(fields: "([^"]+)"\)', print_sdl(), flags=re.MULTILINE))
    assert {name: fields.split() for name, fields in keys.items()} == {
        name: [*arguments] for name, arguments in ENTITIES.items()
    }


def _names() -> list[tuple[str, str | None]]:
    names: list[tuple[str, str | None]] = []
    for name, graphql_type in TYPES.items():
        names.append((name, graphql_type.description))
        if isinstance(graphql_type, GraphQLEnumType):
            names += [(f"{name}.{key}", value.description) for key, value in graphql_type.values.items()]
        elif isinstance(graphql_type, GraphQLInputObjectType):
            names += [(f"{name}.{key}", field.description) for key, field in graphql_type.fields.items()]
        elif isinstance(graphql_type, GraphQLObjectType | GraphQLInterfaceType):
            for key, field in graphql_type.fields.items():
                if key.startswith("_"):
                    continue
                names.append((f"{name}.{key}", field.description))
                names += [(f"{name}.{key}.{each}", arg.description) for each, arg in field.args.items()]
        else:
            assert isinstance(graphql_type, GraphQLScalarType)
    return names
