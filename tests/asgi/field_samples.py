"""A document for every field that needs a key, and its expected outcomes."""

from dataclasses import dataclass
from typing import Final

from tests.asgi.every_field import RESOURCES, SECRET, VALUE

# The outcome of a request with the key of each column, in the order of COLUMNS: U, F and N are error codes, + is a
# value, - is a response without the requested object.
_WIDTH: Final = 24
_TABLE: Final = """
open to all             +++++ + ++++ +++ +++ +++ +++
open to keys            UUUUU + ++++ +++ +++ +++ +++
own projects            UUUUU + ---- -++ +++ +++ +++
own rights              UUUUU - ---- --- +++ +++ +++
list projects           UUUUU F ---- -++ +++ +++ +++
read project            UUUUU F NNNN N++ +++ +++ +++
change project          UUUUU F FFFN F++ +++ +F+ +++
query                   UUUUU F NNNN NF+ +++ +++ +++
follow                  UUUUU F FFFN FF+ +++ +++ +++
list                    UUUUU F NNNN NF- +++ +++ +++
read                    UUUUU F NNNN NFF +++ +++ +++
read by reference       UUUUU F FFFN FFF +++ +++ +++
create                  UUUUU F FFFN FF+ F++ +++ +++
change                  UUUUU F FFFN FFF F++ +++ +++
read access to all      UUUUU F FFFN F++ +++ +++ +++
change access to one    UUUUU F FFFN FFF FF+ FF+ ++F
change access to all    UUUUU F FFFN FFF FFF FF+ +FF
read the record         UUUUU F NNNN NFF FFF FF+ +FF
                        |     | |    |   |   |   organization admin, creator, key of the project
                        |     | |    |   |   no rule, project level member, project level admin
                        |     | |    |   viewer, editor, manager of the resource
                        |     | |    project level none, resource level none, object level none
                        |     | another project, another organization, no keys of members, stranger
                        |     other scopes
                        no key, unknown key, revoked key, expired key, inactive owner
"""
OUTCOMES: Final = {
    line[:_WIDTH].strip(): line[_WIDTH:].replace(" ", "") for line in _TABLE.splitlines() if line[:_WIDTH].strip()
}


@dataclass(frozen=True)
class Sample:
    """A document that requests one field, and its expected outcomes.

    `path` are the scopes on the way to the field, `scopes` its own. `about` is the resource that a mutation
    changes. `shows` is in the response only if the field has a value.
    """

    outcomes: str
    scopes: tuple[str, ...]
    document: str
    path: tuple[str, ...] = ()
    about: str | None = None
    shows: str = SECRET

    @property
    def is_stream(self) -> bool:
        return self.document.startswith("subscription")


def of_project(outcomes: str, scope: str, selection: str, *, shows: str = SECRET) -> Sample:
    variables = "".join(f", ${name}: ID!" for name in (*RESOURCES, "list") if f"${name}" in selection)
    document = f"query($project: ID!{variables}) {{ project(id: $project) {{ {selection} }} }}"
    return Sample(outcomes, (scope,), document, path=("project:read",), shows=shows)


def of_node(resource: str, scope: str, selection: str, *, id: str | None = None, shows: str = SECRET) -> Sample:
    variable = id or resource
    return Sample(
        "read",
        (scope,),
        f"query($project: ID!, ${variable}: ID!) {{ project(id: $project) {{ "
        f"{resource}(id: ${variable}) {{ {selection} }} }} }}",
        path=("project:read", f"{resource}:read"),
        shows=shows,
    )


def of_reference(outcomes: str, resource: str) -> Sample:
    name = resource.capitalize()
    key = "id: $project" if resource == "project" else f"projectId: $project, id: ${resource}"
    variables = "$project: ID!" + ("" if resource == "project" else f", ${resource}: ID!")
    return Sample(
        outcomes,
        (f"{resource}:read",),
        f'query({variables}) {{ _entities(representations: [{{__typename: "{name}", {key}}}]) {{ '
        f"... on {name} {{ name }} }} }}",
    )


def of_change(resource: str, outcomes: str, call: str, *, shows: str = SECRET) -> Sample:
    variables = f", ${resource}: ID!" if resource in RESOURCES and f"${resource}" in call else ""
    document = f"mutation($project: ID!{variables}) {{ {call} }}"
    return Sample(outcomes, (f"{resource}:write",), document, about=resource, shows=shows)


def of_access(outcomes: str, arguments: str) -> Sample:
    variables = ", $insight: ID!" if "$insight" in arguments else ""
    return Sample(
        outcomes,
        ("access_control:read",),
        f"query($project: ID!{variables}) {{ accessPolicy(projectId: $project{arguments}) {{ "
        "accessControls { member { email } } } }",
    )


def of_access_change(outcomes: str, about: str) -> Sample:
    variables = ", $insight: ID!" if "$insight" in about else ""
    return Sample(
        outcomes,
        ("access_control:write",),
        f"mutation($project: ID!, $member: ID!{variables}) {{ accessControlSet(input: {{projectId: $project, "
        f"{about}, memberId: $member}}) {{ accessControls {{ member {{ email }} }} }} }}",
        about="insight",
        shows='"accessControlSet":{',
    )


PEOPLE = "usersWithAccess(first: 500) { edges { node { member { email } } } }"
POLICY = "accessPolicy { accessControls { member { email } } }"
TREND = """trend(query: {dateFrom: "2020-01-13", dateTo: "2020-01-14", events: [
    {event: "quetzal event", math: SUM, mathProperty: "quetzal_amount"}]}) { series { count } csv }"""
EXPORTS = TREND.replace("csv", "exports { csv arrow parquet }")
FOLLOWED = TREND.replace("trend(", "trend(projectId: $project, ", 1).replace(") {", ") { result {") + " }"
SERIES = "trend(query: {actions: [{actionId: $action}]}) { series { action { name } } }"
READ_ACCESS = "access_control:read"
TEXTS = "name description"

SAMPLES: Final = {
    "Query._service": Sample("open to all", (), "{ _service { sdl } }", shows="type Project"),
    "Query.viewer": Sample("open to keys", (), "{ viewer { keyLabel user { email } } }", shows='"keyLabel"'),
    "Query.project": of_project("read project", "project:read", "name"),
    "Query.projects": Sample("list projects", ("project:read",), "{ projects { edges { node { name } } } }"),
    "Query.accessPolicy": of_access("read access to all", ""),
    "Query.accessPolicy of all insights": of_access("read access to all", ", resource: INSIGHT"),
    "Query.accessPolicy of the project": of_access("read access to all", ", resource: PROJECT"),
    "Query.accessPolicy of an insight": of_access(
        "read by reference", ", resource: INSIGHT, resourceId: $insight"
    ),
    "Query._entities of Project": of_reference("read project", "project"),
    "Query._entities of Action": of_reference("read by reference", "action"),
    "Query._entities of Cohort": of_reference("read by reference", "cohort"),
    "Query._entities of Insight": of_reference("read by reference", "insight"),
    "Viewer.projects": Sample(
        "own projects", (), "{ viewer { projects { edges { node { id } } } } }", shows='{"id":"PROJECT"}'
    ),
    "Viewer.can": Sample(
        "own rights",
        (),
        "query($project: ID!, $insight: ID!) { viewer { can(projectId: $project, action: READ, resource: INSIGHT, "
        "objectId: $insight) { allowed } } }",
        path=("insight:read",),
        shows='"allowed":true',
    ),
    "Project.trend": of_project("query", "insight:read", TREND, shows=VALUE),
    "Project.action": of_project("read", "action:read", f"action(id: $action) {{ {TEXTS} steps {{ event }} }}"),
    "Project.actions": of_project("list", "action:read", f"actions {{ edges {{ node {{ {TEXTS} }} }} }}"),
    "Project.cohort": of_project("read", "cohort:read", f"cohort(id: $cohort) {{ {TEXTS} }}"),
    "Project.cohorts": of_project("list", "cohort:read", f"cohorts {{ edges {{ node {{ {TEXTS} }} }} }}"),
    "Project.insight": of_project("read", "insight:read", f"insight(id: $insight) {{ {TEXTS} query }}"),
    "Project.insights": of_project("list", "insight:read", f"insights {{ edges {{ node {{ {TEXTS} }} }} }}"),
    "Project.resourceAccessPolicy": of_project(
        "read project", READ_ACCESS, "resourceAccessPolicy { accessControls { member { email } } }"
    ),
    "Project.members": of_project("read project", READ_ACCESS, "members { edges { node { email } } }"),
    "Project.roles": of_project("read project", READ_ACCESS, "roles { name members { email } }"),
    "Project.auditLog": of_project("read the record", READ_ACCESS, "auditLog { edges { node { target } } }"),
    "Project.accessPolicy": of_project("read project", READ_ACCESS, POLICY),
    "Project.usersWithAccess": of_project("read project", READ_ACCESS, PEOPLE),
    "Project.eventDefinitions": of_project(
        "read project", "event_definition:read", "eventDefinitions { edges { node { name } } }"
    ),
    "Project.propertyDefinitions": of_project(
        "read project", "property_definition:read", "propertyDefinitions { edges { node { key } } }"
    ),
    "Project.propertyValues": of_project(
        "read project", "property_definition:read", 'propertyValues(key: "quetzal_amount") { value }', shows=VALUE
    ),
    "Insight.trend": of_node("insight", "insight:read", "trend { series { count } csv }", shows=VALUE),
    "Insight.accessPolicy": of_node("insight", READ_ACCESS, POLICY),
    "Insight.usersWithAccess": of_node("insight", READ_ACCESS, PEOPLE),
    "Action.accessPolicy": of_node("action", READ_ACCESS, POLICY),
    "Action.usersWithAccess": of_node("action", READ_ACCESS, PEOPLE),
    "Cohort.accessPolicy": of_node("cohort", READ_ACCESS, POLICY),
    "Cohort.usersWithAccess": of_node("cohort", READ_ACCESS, PEOPLE),
    "Cohort.distinctIds": of_node("cohort", "person:read", "distinctIds", id="list", shows="quetzal-person"),
    "AccessPolicy.usersWithAccess": of_project("read project", READ_ACCESS, f"accessPolicy {{ {PEOPLE} }}"),
    "Trend.exports": Sample(
        "query",
        ("insight:read",),
        f"query($project: ID!) {{ project(id: $project) {{ {EXPORTS} }} }}",
        path=("project:read",),
        shows='"csv":"/exports/',
    ),
    "TrendSeries.action": Sample(
        "read",
        ("action:read",),
        f"query($project: ID!, $action: ID!) {{ project(id: $project) {{ {SERIES} }} }}",
        path=("project:read", "insight:read"),
    ),
    "Subscription.trend": Sample(
        "follow",
        ("project:read", "insight:read"),
        f"subscription($project: ID!) {{ {FOLLOWED} }}",
        shows=VALUE,
    ),
    "Mutation.accessControlSet on an insight": of_access_change(
        "change access to one", "resource: INSIGHT, resourceId: $insight, accessLevel: VIEWER"
    ),
    "Mutation.accessControlSet on all insights": of_access_change(
        "change access to all", "resource: INSIGHT, accessLevel: VIEWER"
    ),
    "Mutation.accessControlSet on the project": of_access_change(
        "change access to all", "resource: PROJECT, accessLevel: MEMBER"
    ),
    "Mutation.actionCreate": of_change(
        "action",
        "create",
        'actionCreate(input: {projectId: $project, name: "new", steps: []}) { name }',
        shows='"actionCreate":{',
    ),
    "Mutation.actionUpdate": of_change(
        "action", "change", f'actionUpdate(input: {{projectId: $project, id: $action, name: "new"}}) {{ {TEXTS} }}'
    ),
    "Mutation.actionDelete": of_change(
        "action", "change", "actionDelete(projectId: $project, id: $action)", shows='"actionDelete":"'
    ),
    "Mutation.cohortCreate": of_change(
        "cohort",
        "create",
        'cohortCreate(input: {projectId: $project, name: "new", filters: []}) { name }',
        shows='"cohortCreate":{',
    ),
    "Mutation.cohortUpdate": of_change(
        "cohort", "change", f'cohortUpdate(input: {{projectId: $project, id: $cohort, name: "new"}}) {{ {TEXTS} }}'
    ),
    "Mutation.cohortCalculate": of_change(
        "cohort", "change", f"cohortCalculate(projectId: $project, id: $cohort) {{ {TEXTS} }}"
    ),
    "Mutation.cohortDelete": of_change(
        "cohort", "change", "cohortDelete(projectId: $project, id: $cohort)", shows='"cohortDelete":"'
    ),
    "Mutation.insightCreate": of_change(
        "insight",
        "create",
        'insightCreate(input: {projectId: $project, name: "new", query: {events: [{}]}}) { name }',
        shows='"insightCreate":{',
    ),
    "Mutation.insightUpdate": of_change(
        "insight",
        "change",
        f'insightUpdate(input: {{projectId: $project, id: $insight, name: "new"}}) {{ {TEXTS} }}',
    ),
    "Mutation.insightDelete": of_change(
        "insight", "change", "insightDelete(projectId: $project, id: $insight)", shows='"insightDelete":"'
    ),
    "Mutation.projectUpdate": of_change(
        "project", "change project", "projectUpdate(input: {id: $project, weekStartDay: MONDAY}) { name }"
    ),
}
