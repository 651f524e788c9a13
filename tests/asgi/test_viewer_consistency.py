"""The answers of viewer.can match the outcomes of requests, for every action and every person."""

from dataclasses import dataclass

import pytest

from datasource.metadata.organizations import set_features
from tests.asgi.test_viewer import can
from tests.support.seeds.organization import Organization, Person


@dataclass(frozen=True)
class Situation:
    """An action that `can` explains, and the request that performs it."""

    action: str
    resource: str
    on: str | None
    document: str


NEW = {"insight": 'query: {events: [{event: "view"}]}', "action": "steps: []", "cohort": "filters: []"}


def call(document: str) -> str:
    return f"mutation($project: ID!) {{ {document} }}"


def edit(resource: str, on: str | None, member: str) -> str:
    about = f'projectId: $project, resource: {resource}, memberId: "{member}", accessLevel: null'
    where = f', resourceId: "{on}"' if on else ""
    return call(f"accessControlSet(input: {{{about}{where}}}) {{ userAccessLevel }}")


def of_project(member: str) -> list[Situation]:
    trend = 'trend(query: {events: [{event: "view"}]}) { days }'
    update = "projectUpdate(input: {id: $project, weekStartDay: MONDAY}) { id }"
    return [
        Situation("READ", "PROJECT", None, "query($project: ID!) { project(id: $project) { name } }"),
        Situation("WRITE", "PROJECT", None, call(update)),
        Situation("EDIT_ACCESS", "PROJECT", None, edit("PROJECT", None, member)),
        Situation("QUERY", "INSIGHT", None, f"query($project: ID!) {{ project(id: $project) {{ {trend} }} }}"),
    ]


def of_kind(kind: str, on: str, member: str) -> list[Situation]:
    name = kind.upper()
    key = f'__typename: "{kind.capitalize()}", projectId: $project, id: "{on}"'
    reference = f"_entities(representations: [{{{key}}}]) {{ __typename }}"
    listing = f"project(id: $project) {{ {kind}s {{ totalCount }} }}"
    update = f'{kind}Update(input: {{projectId: $project, id: "{on}", name: "x"}}) {{ id }}'
    create = f'{kind}Create(input: {{projectId: $project, name: "new", {NEW[kind]}}}) {{ id }}'
    return [
        Situation("READ", name, on, f"query($project: ID!) {{ {reference} }}"),
        Situation("READ", name, None, f"query($project: ID!) {{ {listing} }}"),
        Situation("WRITE", name, on, call(update)),
        Situation("CREATE", name, None, call(create)),
        Situation("EDIT_ACCESS", name, on, edit(name, on, member)),
        Situation("EDIT_ACCESS", name, None, edit(name, None, member)),
    ]


PEOPLE = (
    "admin",
    "creator",
    "plain",
    "closed",
    "viewer",
    "manager",
    "one viewer",
    "one manager",
    "object none",
    "object viewer",
    "project member",
    "project admin",
    "hidden",
    "machine",
    "reading key",
    "key of insights",
    "key without scopes that matter",
)


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        *((name, "rules on") for name in PEOPLE),
        *((name, "rules off") for name in ("admin", "creator", "object none", "manager", "hidden")),
    ],
)
async def test_explanation_matches_the_outcome_of_the_request(org: Organization, name: str, rules: str) -> None:
    ids = {kind: await org.saved(kind, "one") for kind in ("insight", "action", "cohort")}
    bystander = await org.person("bystander")
    person = await arrange(org, name, ids)
    if rules == "rules off":
        await set_features(org.store, org.organization_id, access_control=False)
    of_kinds = [each for kind, on in ids.items() for each in of_kind(kind, on, bystander.member.id)]
    for each in (*of_project(bystander.member.id), *of_kinds):
        explanation = await can(person, each.action, each.resource, each.on)
        answer = await person.ask(each.document)
        assert explanation["allowed"] is ("errors" not in answer.body), (each, explanation, answer.body)
        if not explanation["allowed"] and name != "hidden":
            assert answer.extensions.get("missingScope") == explanation["missingScope"]
            assert answer.extensions.get("missingLevel") == explanation["missingLevel"]


async def arrange(org: Organization, name: str, ids: dict[str, str]) -> Person:
    match name:
        case "admin":
            return org.admin
        case "creator":
            return org.creator
        case "machine":
            return await org.machine()
        case "reading key":
            scopes = [f"{kind}:read" for kind in (*ids, "project", "access_control")]
            return await org.admin.with_scopes(*scopes)
        case "key of insights":
            return await org.admin.with_scopes("project:read", "insight:write")
        case "key without scopes that matter":
            return await org.admin.with_scopes("project:read", "person:read")
    person = await org.person("member")
    match name.split():
        case ["hidden"]:
            await org.give("none", "project", to=person)
        case ["project", level]:
            await org.give(level, "project", to=person)
        case ["one" | "object" as how, level]:
            for kind, on in ids.items():
                if how == "one":
                    await org.give("none", kind, to=person)
                await org.give(level, kind, on=on, to=person)
        case [level] if level != "plain":
            for kind in ids:
                await org.give("none" if level == "closed" else level, kind, to=person)
    return person
