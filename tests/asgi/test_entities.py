"""Entities by reference, as the router of a supergraph requests them."""

from typing import Any

import pytest

from tests.support.gateway import Answer
from tests.support.seeds.organization import Organization, Person, statements_reading

NAMES = """query($refs: [_Any!]!) { _entities(representations: $refs) { __typename
    ... on Project { name } ... on Insight { name } ... on Action { name } ... on Cohort { name } } }"""
KINDS = ("insight", "action", "cohort")


@pytest.fixture
async def plain(org: Organization) -> Person:
    return await org.person("plain")


async def ask(person: Person, *refs: object, document: str = NAMES) -> Answer:
    return await person.ask(document, refs=list(refs))


def refer(org: Organization, kind: str, number: str | int) -> dict[str, Any]:
    return {"__typename": kind.capitalize(), "projectId": org.id, "id": number}


def names(answer: Answer) -> list[str | None]:
    return [each and each["name"] for each in answer.body["data"]["_entities"]]


async def test_references_of_all_kinds_are_resolved_in_order(org: Organization, plain: Person) -> None:
    refs = [refer(org, kind, await org.saved(kind, f"the {kind}")) for kind in KINDS]
    refs.insert(1, {"__typename": "Project", "id": org.id})
    assert names(await ask(plain, *refs)) == ["the insight", org.project.name, "the action", "the cohort"]


@pytest.mark.parametrize(
    ("bad", "path"),
    [
        ({"__typename": "Nope", "id": "1"}, []),
        ({"__typename": "Query"}, []),
        ({"__typename": "AccessControlled", "id": "1"}, []),
        ({"__typename": {}, "id": "1"}, []),
        ({"id": "1"}, []),
        ({}, []),
        ("Project", []),
        ([], []),
        (5, []),
        ({"__typename": "Project"}, ["id"]),
        ({"__typename": "Project", "id": None}, ["id"]),
        ({"__typename": "Project", "id": {"a": 1}}, ["id"]),
        ({"__typename": "Project", "id": True}, ["id"]),
        ({"__typename": "Project", "id": 1.5}, ["id"]),
        ({"__typename": "Insight", "id": "1"}, ["projectId"]),
        ({"__typename": "Insight", "projectId": "1"}, ["id"]),
    ],
)
async def test_malformed_reference_fails_and_the_others_are_resolved(
    org: Organization, plain: Person, bad: object, path: list[str]
) -> None:
    good = {"__typename": "Project", "id": org.id}
    answer = await ask(plain, good, bad, good)
    assert names(answer) == [org.project.name, None, org.project.name]
    assert answer.error["path"] == ["_entities", 1]
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == ["representations", 1, *path]


async def test_null_among_the_references_is_rejected_by_the_schema(org: Organization, plain: Person) -> None:
    answer = await ask(plain, {"__typename": "Project", "id": org.id}, None)
    assert "data" not in answer.body
    assert answer.extensions["path"] == ["refs", 1]


@pytest.mark.parametrize(("number", "is_found"), [(200, True), (201, False)])
async def test_number_of_references_is_limited(
    org: Organization, plain: Person, number: int, is_found: bool
) -> None:
    answer = await ask(plain, *[{"__typename": "Project", "id": org.id}] * number)
    if is_found:
        assert names(answer) == [org.project.name] * 200
    else:
        assert answer.error["path"] == ["_entities"]
        assert answer.extensions["path"] == ["representations"]
        assert "200" in answer.error["message"]


async def test_no_references_are_no_entities(plain: Person) -> None:
    assert (await ask(plain)).data == {"_entities": []}


async def test_repeated_reference_is_loaded_once(org: Organization, plain: Person) -> None:
    ref = refer(org, "cohort", await org.cohort("twin"))
    with statements_reading("FROM cohorts", org.store) as statements:
        assert names(await ask(plain, ref, ref, dict(ref))) == ["twin"] * 3
    assert len(statements) == 1


async def test_keys_may_be_numbers_and_have_fields_of_other_subgraphs(org: Organization, plain: Person) -> None:
    insight = await org.insight("numbered")
    ref = {"__typename": "Insight", "projectId": int(org.id), "id": int(insight), "plan": {"name": "PRO"}}
    assert names(await ask(plain, ref, {"__typename": "Project", "id": int(org.id)})) == [
        "numbered",
        org.project.name,
    ]


async def test_references_may_be_literals_in_the_document(org: Organization, plain: Person) -> None:
    document = f"""{{ _entities(representations: [{{__typename: "Project", id: {org.id}}}]) {{
        ... on Project {{ id weekStartDay pages: insights {{ totalCount }} }} }} }}"""
    assert (await plain.gateway.ask(document, key=plain.key)).data["_entities"] == [
        {"id": org.id, "weekStartDay": "SUNDAY", "pages": {"totalCount": 0}}
    ]


async def test_number_with_too_many_digits_is_rejected(plain: Person) -> None:
    document = (
        f"""{{ _entities(representations: [{{__typename: "Project", id: {"9" * 5_000}}}]) {{ __typename }} }}"""
    )
    answer = await plain.gateway.ask(document, key=plain.key)
    assert answer.extensions["code"] == "QUERY_TOO_EXPENSIVE"


async def test_access_is_checked_on_each_reference(org: Organization, plain: Person) -> None:
    refs = []
    for kind in KINDS:
        for name in ("open", "closed"):
            refs.append(refer(org, kind, await org.saved(kind, name)))
        await org.give("none", kind, on=str(refs[-1]["id"]), to=plain)
    answer = await ask(plain, *refs)
    assert names(answer) == ["open", None] * 3
    errors = {tuple(error["path"]): error["extensions"] for error in answer.body["errors"]}
    assert set(errors) == {("_entities", place) for place in (1, 3, 5)}
    assert {each["code"] for each in errors.values()} == {"FORBIDDEN"}
    assert "closed" not in str(answer.body)


async def test_scopes_are_checked_on_each_reference(org: Organization, plain: Person) -> None:
    refs = [refer(org, kind, await org.saved(kind, kind)) for kind in KINDS]
    answer = await ask(await plain.with_scopes("action:read"), *refs)
    assert names(answer) == [None, "action", None]
    missing = {tuple(error["path"]): error["extensions"]["missingScope"] for error in answer.body["errors"]}
    assert missing == {("_entities", 0): "insight:read", ("_entities", 2): "cohort:read"}


async def test_each_reference_without_a_key_fails(org: Organization, plain: Person) -> None:
    answer = await plain.gateway.ask(NAMES, {"refs": [{"__typename": "Project", "id": org.id}] * 2})
    assert names(answer) == [None, None]
    assert [error["extensions"]["code"] for error in answer.body["errors"]] == ["UNAUTHENTICATED"] * 2


@pytest.mark.parametrize("kind", ["project", *KINDS])
async def test_many_references_need_no_more_statements_than_one(
    org: Organization, plain: Person, kind: str
) -> None:
    refs = [{"__typename": "Project", "id": number} for number in range(int(org.id), int(org.id) + 50)]
    if kind != "project":
        refs = [refer(org, kind, await org.saved(kind, f"{kind} {number}")) for number in range(50)]
    await ask(plain)  # the first use of a key is recorded, which takes further statements
    counts = []
    for some in (refs[:1], refs):
        with statements_reading("", org.store) as statements:
            answer = await ask(plain, *some)
        assert answer.body["data"]["_entities"][0]["name"]
        counts.append(len(statements))
    assert counts[0] == counts[1]


async def test_references_to_unreachable_projects_need_no_more_statements_than_one(
    org: Organization, plain: Person
) -> None:
    """The reason for each error takes a query, which is one for all."""
    refs = [
        {"__typename": kind.capitalize(), "projectId": number, "id": "1"}
        for number in range(10**9, 10**9 + 30)
        for kind in KINDS
    ]
    await ask(plain)
    counts = []
    for some in (refs[:1], refs):
        with statements_reading("", org.store) as statements:
            answer = await ask(plain, *some)
        assert {error["extensions"]["code"] for error in answer.body["errors"]} == {"NOT_FOUND"}
        counts.append(len(statements))
    assert counts[0] == counts[1]
