"""Valid values of the schema's inputs, from which hostile ones differ in one place.

Strings such as "$action" stand for the ids of the project's objects.
"""

from collections.abc import Mapping
from typing import Any, Final

PERSON_FILTER: Final = {"key": "email", "value": "a", "type": "PERSON"}
BEHAVIOR: Final = {"kind": "PERFORMED_EVENT", "event": "view", "timeValue": 30, "timeInterval": "DAY"}
SEQUENCE: Final = {
    "kind": "PERFORMED_EVENT_SEQUENCE",
    "seqEvent": "view",
    "seqTimeValue": 2,
    "seqTimeInterval": "DAY",
}
REGULARLY: Final = {
    "kind": "PERFORMED_EVENT_REGULARLY",
    "minPeriods": 1,
    "totalPeriods": 2,
    "countOperator": "GTE",
    "count": 1,
}

OBJECTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "CohortCreateInput": {"projectId": "$project", "name": "name", "filters": []},
    "TrendQueryInput": {"events": [{}], "dateFrom": "2020-01-10", "dateTo": "2020-01-14"},
    "PropertyFilterInput": {"key": "page", "value": "a"},
    "CohortBehaviorInput": BEHAVIOR,
    "CohortGroupInput": {"properties": [PERSON_FILTER]},
    "AccessControlSetInput": {
        "projectId": "$project",
        "resource": "INSIGHT",
        "memberId": "$member",
        "accessLevel": "VIEWER",
    },
    "ActionUpdateInput": {"projectId": "$project", "id": "$action"},
    "CohortUpdateInput": {"projectId": "$project", "id": "$cohort"},
    "InsightUpdateInput": {"projectId": "$project", "id": "$insight"},
    "ProjectUpdateInput": {"id": "$project"},
}
"""A valid object of each type that needs more than its required fields."""

FIELDS: Final[Mapping[str, Any]] = {
    "AccessControlSetInput.resourceId": "$insight",
    "AccessControlSetInput.memberId": "$member",
    "AccessControlSetInput.roleId": "$role",
    "ActionSeriesInput.actionId": "$action",
    "ActionStepInput.selector": "div > a",
    "ActionUpdateInput.id": "$action",
    "CohortUpdateInput.id": "$cohort",
    "InsightUpdateInput.id": "$insight",
    "ActionUpdateInput.steps": [{"event": "view"}],
    "CohortBehaviorInput.actionId": "$action",
    "CohortBehaviorInput.explicitDatetime": "-30d",
    "CohortBehaviorInput.seqActionId": "$action",
    "CohortCreateInput.distinctIds": ["d1"],
    "CohortUpdateInput.distinctIds": ["d1"],
    "FormulaInput.formula": "A",
    "PropertyFilterInput.operator": "ICONTAINS",
    "PropertyFilterInput.type": "PERSON",
    "ProjectUpdateInput.timezone": "Europe/Paris",
    "TrendQueryInput.compareTo": "-1w",
    "TrendQueryInput.dateFrom": "2020-01-10",
    "TrendQueryInput.dateTo": "2020-01-14",
    "TrendQueryInput.formula": "A",
    "Insight.trend.dateFrom": "2020-01-10",
    "Insight.trend.dateTo": "2020-01-14",
    "Project.action.id": "$action",
    "Project.cohort.id": "$cohort",
    "Project.insight.id": "$insight",
    "Query._entities.representations": [{"__typename": "Project", "id": "$project"}],
    "AccessControlSetInput.resource": "INSIGHT",
    "AccessControlSetInput.accessLevel": "VIEWER",
    "CohortGroupInput.properties": [PERSON_FILTER],
    "TrendQueryInput.interval": "HOUR",
    "Query.accessPolicy.resource": "INSIGHT",
    "Query.accessPolicy.resourceId": "$insight",
    "Viewer.can.objectId": "$insight",
    "Mutation.actionDelete.id": "$missing",
    "Mutation.cohortCalculate.id": "$cohort",
    "Mutation.cohortDelete.id": "$missing",
    "Mutation.insightDelete.id": "$missing",
}
"""Valid values of inputs and arguments, where the example of their type is none."""

TYPES: Final[Mapping[str, Any]] = {
    "Boolean": True,
    "Float": 0.5,
    "ID": "page",
    "Int": 1,
    "PropertyValue": "a",
    "String": "view",
}
ARGUMENTS: Final[Mapping[str, Any]] = {
    "projectId": "$project",
    "id": "$project",
    "name": "name",
    "key": "page",
    "property": "page",
    "mathExpression": "count()",
    "mathProperty": "price",
    "after": None,
    "groupTypeIndex": 0,
    "mathGroupTypeIndex": 0,
    "breakdownGroupTypeIndex": 0,
}
"""Valid values of everything that has this name."""

_SUM: Final = {"math": "SUM", "mathProperty": "price"}
_SERIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "mathProperty": {"math": "SUM"},
    "mathPropertyType": _SUM,
    "mathGroupTypeIndex": {"math": "UNIQUE_GROUP"},
    "mathExpression": {"math": "HOGQL"},
}
_BY_PAGE: Final = {"breakdown": ["page"]}
COMPANIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "AccessControlSetInput.resourceId": {"memberId": "$member"},
    "CohortCreateInput.distinctIds": {"filters": None},
    "Query.accessPolicy.resourceId": {"resource": "INSIGHT"},
    "Viewer.can.objectId": {"resource": "INSIGHT"},
    "Project.propertyDefinitions.groupTypeIndex": {"type": "GROUP"},
    "Project.propertyValues.groupTypeIndex": {"type": "GROUP"},
    "AccessControlSetInput.roleId": {"memberId": None},
    "BreakdownInput.groupTypeIndex": {"type": "GROUP"},
    "CohortBehaviorInput.actionId": {"event": None},
    "CohortBehaviorInput.count": {"kind": "PERFORMED_EVENT_MULTIPLE", "countOperator": "GTE"},
    "CohortBehaviorInput.countOperator": {"kind": "PERFORMED_EVENT_MULTIPLE", "count": 1},
    "CohortBehaviorInput.explicitDatetime": {"timeValue": None, "timeInterval": None},
    "CohortBehaviorInput.minPeriods": REGULARLY,
    "CohortBehaviorInput.totalPeriods": REGULARLY,
    "CohortBehaviorInput.seqActionId": {**SEQUENCE, "seqEvent": None},
    "CohortBehaviorInput.seqEvent": SEQUENCE,
    "CohortBehaviorInput.seqTimeInterval": SEQUENCE,
    "CohortBehaviorInput.seqTimeValue": SEQUENCE,
    "CohortBehaviorInput.negated": {},
    "PropertyFilterInput.groupTypeIndex": {"type": "GROUP"},
    "TrendQueryInput.breakdownGroupTypeIndex": {**_BY_PAGE, "breakdownType": "GROUP"},
    "TrendQueryInput.breakdownHistogramBinCount": _BY_PAGE,
    "TrendQueryInput.breakdownHideOther": _BY_PAGE,
    "TrendQueryInput.breakdownLimit": _BY_PAGE,
    "TrendQueryInput.breakdownNormalizeUrl": _BY_PAGE,
    "TrendQueryInput.breakdownType": _BY_PAGE,
    "TrendQueryInput.compareTo": {"compare": True},
    **{f"{kind}SeriesInput.{name}": given for name, given in _SERIES.items() for kind in ("Event", "Action")},
}
"""What an object needs beside one of its inputs, so that it counts."""
UNUSED: Final = {("CohortGroupInput.properties", "PropertyFilterInput.groupTypeIndex")}
"""An input, and one below it that nothing accepts there."""
