"""Every field declares its access, or is listed here with a reason not to; and the SDL declares the same."""

from collections.abc import Iterable
from typing import Final

import pytest
from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    InterfaceTypeDefinitionNode,
    ListValueNode,
    ObjectTypeDefinitionNode,
    StringValueNode,
    parse,
)

from schema.build import print_sdl
from tests.asgi.access_declarations import Declaration, interface_declarations, object_declarations

VALUE = "part of the value of a guarded field"
PAGE = "part of a page that a guarded field returns"
OWN = "a property of the node, which only callers with access get"
CALLER = "about the caller, who has the key"
PUBLIC = "the SDL, which is public"


def because(reason: str, types: str, fields: str = "*") -> dict[str, str]:
    """Give the reason for each of the fields of each of the types."""
    return {f"{name}.{field}": reason for name in types.split() for field in fields.split()}


# By type if none of its fields is guarded, otherwise by field.
UNGUARDED: Final = {
    "Query._service": PUBLIC,
    "_Service.*": PUBLIC,
    "Query._entities": "every entity checks scopes and access like the field of its kind",
    **because(
        VALUE,
        "TrendExports QueryStatistics AccessControl AccessGrant MemberAccess Member Role AuditEntry AuditActor",
    ),
    **because(
        VALUE,
        "TrendProgress EventDefinition PropertyDefinition PropertyValueCount ViewerProject Permission",
    ),
    **because(VALUE, "TrendWarning"),
    **because(OWN, "GroupType PropertyFilter ActionStep CohortGroup CohortBehavior"),
    **because(
        PAGE, "PageInfo ActionConnection ActionEdge CohortConnection CohortEdge InsightConnection InsightEdge"
    ),
    **because(
        PAGE, "AuditEntryConnection AuditEntryEdge MemberConnection MemberEdge ProjectConnection ProjectEdge"
    ),
    **because(PAGE, "MemberAccessConnection MemberAccessEdge ViewerProjectConnection ViewerProjectEdge"),
    **because(PAGE, "EventDefinitionConnection EventDefinitionEdge"),
    **because(PAGE, "PropertyDefinitionConnection PropertyDefinitionEdge"),
    **because(OWN, "Action Cohort Insight Project", "id userAccessLevel name"),
    **because(OWN, "Action Cohort Insight", "projectId description createdAt updatedAt createdBy"),
    **because(OWN, "Project", "timezone weekStartDay groupTypes testAccountFilters"),
    **because(OWN, "Action", "steps"),
    **because(OWN, "Insight", "query"),
    **because(OWN, "Cohort", "isStatic size calculatedAt calculationError filters"),
    **because(VALUE, "AccessPolicy", "accessControls availableAccessLevels defaultAccessLevel minimumAccessLevel"),
    **because(VALUE, "AccessPolicy", "maximumAccessLevel userAccessLevel userCanEditAccessLevels inheritedAccess"),
    **because(VALUE, "Trend", "series days labels interval dateFrom dateTo timezone hasMore csv sql statistics"),
    **because(VALUE, "Trend", "isCached lastRefresh"),
    "Trend.warnings": "says what the values show; only keys that may list names get suggestions",
    **because(VALUE, "TrendSeries", "label order event customName math formula data days labels count"),
    **because(VALUE, "TrendSeries", "aggregatedValue breakdownValue compareLabel"),
    **because(CALLER, "Viewer", "user keyId keyLabel keyMask keyExpiresAt scopes scopedProjects"),
    **because(CALLER, "Viewer", "scopedOrganizations"),
}

# Fields without a gate whose scopes belong to a resource with access controls.
UNGATED: Final = {
    "Query.project": "a project that is hidden from the caller is not found",
    "Query.projects": "the list omits what is hidden from the caller",
    "Insight.trend": "the insight was checked when it was loaded, and its own access counts",
    "Trend.exports": "the trend was accessible, and opening a link is checked again",
    "TrendSeries.action": "checks the action that it returns",
}
# Fields that need the level on the whole resource, since they are not about a single existing object.
STRICT: Final = {
    "Project.trend",
    "Subscription.trend",
    "Mutation.actionCreate",
    "Mutation.cohortCreate",
    "Mutation.insightCreate",
}
CONTROLLED: Final = ("project", "insight", "action", "cohort")


@pytest.fixture(scope="module")
def declared() -> dict[str, Declaration]:
    return object_declarations()


@pytest.fixture(scope="module")
def sdl() -> DocumentNode:
    return parse(print_sdl())


def test_field_without_declaration_has_a_reason(declared: dict[str, Declaration]) -> None:
    bare = {name for name, each in declared.items() if not each.is_guarded}
    unexplained = {name for name in bare if not {name, any_field(name)} & UNGUARDED.keys()}
    assert unexplained == set(), "guard these fields, or add the reason why they need no guard"


def test_every_listed_reason_is_needed(declared: dict[str, Declaration]) -> None:
    bare = {name for name, each in declared.items() if not each.is_guarded}
    partly_guarded = {any_field(name) for name, each in declared.items() if each.is_guarded}
    useful = bare | ({any_field(name) for name in bare} - partly_guarded)
    assert UNGUARDED.keys() - useful == set()


def test_all_root_fields_need_a_key(declared: dict[str, Declaration]) -> None:
    roots = {name for name in declared if name.startswith(("Query.", "Mutation.", "Subscription."))}
    assert {name for name in roots if not declared[name].is_guarded} == {"Query._service", "Query._entities"}
    assert all(
        any(scope.endswith(":write") for scope in declared[name].scopes)
        for name in roots
        if name.startswith("Mutation.")
    )


def test_field_about_a_resource_of_a_project_is_gated(declared: dict[str, Declaration]) -> None:
    expected = {
        name: scope.partition(":")[0]
        for name, each in declared.items()
        for scope in each.scopes
        if scope.partition(":")[0] in CONTROLLED and name not in UNGATED
    }
    gates = {name: each.gate.resource.name for name, each in declared.items() if each.gate}
    assert gates == expected
    assert declared.keys() >= UNGATED.keys()


def test_gate_is_strict_for_fields_without_a_single_object(declared: dict[str, Declaration]) -> None:
    assert {name for name, each in declared.items() if each.gate and each.gate.strictly} == STRICT


def test_sdl_declares_what_is_enforced(declared: dict[str, Declaration], sdl: DocumentNode) -> None:
    printed = {
        f"{node.name.value}.{field.name.value}": field.directives
        for node in sdl.definitions
        if isinstance(node, ObjectTypeDefinitionNode)
        for field in node.fields or ()
    }
    assert printed.keys() == declared.keys()
    assert {name: scopes_in(directives or ()) for name, directives in printed.items()} == {
        name: [list(each.scopes)] if each.scopes else None for name, each in declared.items()
    }
    assert {name for name, directives in printed.items() if "authenticated" in names_of(directives or ())} == {
        name for name, each in declared.items() if each.is_authenticated
    }


def test_interface_declares_no_scopes_and_its_types_do(
    declared: dict[str, Declaration], sdl: DocumentNode
) -> None:
    guarded = {name: each for name, each in interface_declarations().items() if each.is_guarded}
    assert {name.partition(".")[2] for name in guarded} == {"accessPolicy", "usersWithAccess"}
    interfaces = [node for node in sdl.definitions if isinstance(node, InterfaceTypeDefinitionNode)]
    assert [node.name.value for node in interfaces] == ["AccessControlled"]
    for node in interfaces:
        assert {name for field in node.fields or () for name in names_of(field.directives or ())} == {"listSize"}
    types = [
        node.name.value
        for node in sdl.definitions
        if isinstance(node, ObjectTypeDefinitionNode) and [each.name.value for each in node.interfaces or ()]
    ]
    assert types == ["Action", "Cohort", "Insight", "Project"]
    for name, each in guarded.items():
        for implementing in types:
            assert declared[f"{implementing}.{name.partition('.')[2]}"].scopes == each.scopes


def any_field(name: str) -> str:
    return f"{name.partition('.')[0]}.*"


def names_of(directives: Iterable[ConstDirectiveNode]) -> list[str]:
    return [each.name.value for each in directives]


def scopes_in(directives: Iterable[ConstDirectiveNode]) -> list[list[str]] | None:
    """Return the lists of @requiresScopes, or None without it."""
    for directive in directives:
        if directive.name.value == "requiresScopes":
            [argument] = directive.arguments or ()
            assert isinstance(argument.value, ListValueNode)
            return [
                [scope.value for scope in either.values if isinstance(scope, StringValueNode)]
                for either in argument.value.values
                if isinstance(either, ListValueNode)
            ]
    return None
