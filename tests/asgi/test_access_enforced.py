"""Requests are allowed as rules say, alone and in combination."""

from dataclasses import dataclass
from typing import Any, Final

import pytest

from datasource.metadata.organizations import set_features
from datasource.metadata.projects import create_project
from datasource.metadata.records import RoleRecord
from tests.asgi.access_calls import set_access
from tests.support.seeds.organization import Organization, Person

OK: Final = "answered"
FORBIDDEN: Final = "FORBIDDEN"


@dataclass(frozen=True)
class Row:
    """`given` lists rules and circumstances. M, R1, R2: rules of the object for the member and for two of their
    roles; OD: its rule for everyone; rM, rR, rD: the same for the whole resource.

    `listed` is None if the list is forbidden. `create` requires access to the whole resource.
    """

    given: str
    level: str
    listed: bool | None
    read: str
    write: str
    create: str
    edit_rules: str = FORBIDDEN


TABLE: Final = (
    Row("none", "EDITOR", True, OK, OK, OK),
    Row("OD=none", "NONE", False, FORBIDDEN, FORBIDDEN, OK),
    Row("OD=viewer", "VIEWER", True, OK, FORBIDDEN, OK),
    Row("OD=none, M=viewer", "VIEWER", True, OK, FORBIDDEN, OK),
    Row("OD=editor, M=none", "NONE", False, FORBIDDEN, FORBIDDEN, OK),
    Row("M=none, R1=editor", "EDITOR", True, OK, OK, OK),
    Row("R1=none, R2=viewer", "VIEWER", True, OK, FORBIDDEN, OK),
    Row("rD=editor, M=viewer", "VIEWER", True, OK, FORBIDDEN, OK),
    Row("rD=none, M=editor", "EDITOR", True, OK, OK, FORBIDDEN),
    Row("rD=none, M=viewer", "VIEWER", True, OK, FORBIDDEN, FORBIDDEN),
    Row("rD=editor, OD=none", "EDITOR", False, OK, OK, OK),
    Row("rD=none, OD=editor", "NONE", None, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    Row("rD=none, rR=viewer", "VIEWER", True, OK, FORBIDDEN, FORBIDDEN),
    Row("rD=editor, rM=none", "EDITOR", True, OK, OK, OK),
    Row("rM=none", "NONE", None, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    Row("rM=none, rR=editor", "EDITOR", True, OK, OK, OK),
    Row("rD=viewer", "VIEWER", True, OK, FORBIDDEN, FORBIDDEN),
    Row("rD=manager", "MANAGER", True, OK, OK, OK, OK),
    Row("OD=manager", "MANAGER", True, OK, OK, OK, OK),
    Row("M=manager", "MANAGER", True, OK, OK, OK, OK),
    Row("creator, OD=none", "MANAGER", True, OK, OK, OK, OK),
    Row("creator, rD=none", "MANAGER", None, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    Row("creator, rD=viewer", "MANAGER", True, OK, FORBIDDEN, FORBIDDEN),
    Row("admin, OD=none, M=none", "MANAGER", False, OK, OK, OK, OK),
    Row("admin, rD=none", "MANAGER", True, OK, OK, OK, OK),
    Row("rules off, M=none", "EDITOR", True, OK, OK, OK),
    Row("rules off, rD=none", "EDITOR", True, OK, OK, OK),
    Row("roles off, R1=manager", "EDITOR", True, OK, OK, OK),
    Row("roles off, R1=none, OD=viewer", "VIEWER", True, OK, FORBIDDEN, OK),
)
NEW = {"insight": 'query: {events: [{event: "view"}]}', "action": "steps: []", "cohort": "filters: []"}
TREND = 'query($project: ID!) { project(id: $project) { trend(query: {events: [{event: "view"}]}) { days } } }'


async def outcome(person: Person, document: str, **variables: Any) -> str:
    answer = await person.ask(document, **variables)
    return str(answer.extensions["code"]) if "errors" in answer.body else OK


@dataclass(frozen=True)
class Case:
    """A person, and the object to which the rules of a row apply."""

    kind: str
    person: Person
    target: str

    def document(self, verb: str, selection: str) -> str:
        given = "projectId: $project, id: $id"
        call = f'input: {{{given}, name: "x"}}' if verb == "Update" else given
        return f"mutation($project: ID!, $id: ID!) {{ {self.kind}{verb}({call}) {selection} }}"

    async def open(self) -> tuple[str, str | None]:
        """Request the object; return the outcome and the level it shows."""
        document = f"""query($project: ID!, $id: ID!) {{ project(id: $project) {{
            {self.kind}(id: $id) {{ userAccessLevel }} }} }}"""
        answer = await self.person.ask(document, id=self.target)
        if "errors" in answer.body:
            return str(answer.extensions["code"]), None
        return OK, answer.data["project"][self.kind]["userAccessLevel"]

    async def refer(self) -> str:
        name = self.kind.capitalize()
        document = f"""query($project: ID!, $id: ID!) {{ _entities(representations: [
            {{__typename: "{name}", projectId: $project, id: $id}}]) {{ ... on {name} {{ name }} }} }}"""
        return await outcome(self.person, document, id=self.target)

    async def listed(self) -> list[str] | None:
        """Return the names in the list, whose number must be the total."""
        document = f"""query($project: ID!) {{ project(id: $project) {{
            list: {self.kind}s {{ totalCount edges {{ node {{ name }} }} }} }} }}"""
        answer = await self.person.ask(document)
        if "errors" in answer.body:
            assert answer.extensions["code"] == FORBIDDEN
            return None
        found = answer.data["project"]["list"]
        assert found["totalCount"] == len(found["edges"])
        return [edge["node"]["name"] for edge in found["edges"]]

    async def create(self) -> str:
        return await outcome(
            self.person,
            f"""mutation($project: ID!) {{ {self.kind}Create(
                input: {{projectId: $project, name: "new", {NEW[self.kind]}}}) {{ id }} }}""",
        )

    async def change(self) -> set[str]:
        verbs = ("Update", "Calculate") if self.kind == "cohort" else ("Update",)
        return {await outcome(self.person, self.document(verb, "{ id }"), id=self.target) for verb in verbs}

    async def delete(self) -> str:
        return await outcome(self.person, self.document("Delete", ""), id=self.target)


async def arrange(org: Organization, kind: str, row: Row) -> Case:
    person = org.admin if row.given.startswith("admin") else await org.person("member")
    by = person if row.given.startswith("creator") else org.creator
    target = await org.saved(kind, "target", by=by)
    await org.saved(kind, "other", by=org.admin)
    first, second = await org.role("first", person), await org.role("second", person)
    subjects: dict[str, Person | RoleRecord | None] = {
        "M": person,
        "R": first,
        "R1": first,
        "R2": second,
        "D": None,
    }
    for name, level in (part.split("=") for part in row.given.split(", ") if "=" in part):
        on = None if name.startswith("r") else target
        await org.give(level, kind, on=on, to=subjects[name.lstrip("rO")])
    if row.given.startswith("rules off"):
        await set_features(org.store, org.organization_id, access_control=False)
    if row.given.startswith("roles off"):
        await set_features(org.store, org.organization_id, role_based_access=False)
    return Case(kind, person, target)


@pytest.mark.parametrize("kind", ["insight", "cohort", "action"])
@pytest.mark.parametrize("row", TABLE, ids=[row.given for row in TABLE])
async def test_requests_are_allowed_as_the_rules_say(org: Organization, kind: str, row: Row) -> None:
    case = await arrange(org, kind, row)
    whole_kind_is_open = row.create == OK or row.given in ("rD=none, rR=viewer", "rD=viewer", "creator, rD=viewer")
    names = (["target"] if row.listed else []) + (["other"] if whole_kind_is_open else [])
    assert await case.listed() == (None if row.listed is None else names)
    assert await case.open() == (row.read, row.level if row.read == OK else None)
    assert await case.refer() == row.read
    changes = await set_access(case.person, "VIEWER", kind.upper(), on=case.target, to=org.creator)
    assert (changes.extensions["code"] if "errors" in changes.body else OK) == row.edit_rules
    assert await case.change() == {row.write}
    assert await case.create() == row.create
    if kind == "insight":
        assert await outcome(case.person, TREND) == (OK if whole_kind_is_open else FORBIDDEN)
    assert await case.delete() == row.write


async def test_forbidden_error_names_the_resource_and_both_levels(org: Organization) -> None:
    plain, insight = await org.person("plain"), await org.insight("one")
    await org.give("viewer", on=insight, to=plain)
    case = Case("insight", plain, insight)
    refused = await plain.ask(case.document("Update", "{ id }"), id=insight)
    assert refused.error["message"] == f"This requires EDITOR access to the insight {insight}; you have VIEWER."
    assert {key: refused.extensions[key] for key in ("code", "resource", "missingLevel", "level")} == {
        "code": "FORBIDDEN",
        "resource": "INSIGHT",
        "missingLevel": "EDITOR",
        "level": "VIEWER",
    }
    await org.give("none", "insight")
    refused = await org.creator.ask(case.document("Update", "{ id }"), id=insight)
    assert refused.error["message"] == "This requires EDITOR access to insights; you have NONE."
    assert (refused.extensions["missingLevel"], refused.extensions["level"]) == ("EDITOR", "NONE")


async def test_level_on_one_object_does_not_open_another(org: Organization) -> None:
    plain, mine, other = await org.person("plain"), await org.insight("mine"), await org.insight("other")
    await org.give("none")
    await org.give("editor", on=mine, to=plain)
    assert (await Case("insight", plain, mine).open())[0] == OK
    assert (await Case("insight", plain, other).open())[0] == FORBIDDEN
    assert await Case("insight", plain, other).change() == {FORBIDDEN}


async def test_rules_of_another_project_have_no_effect(org: Organization) -> None:
    plain, insight = await org.person("plain"), await org.insight("one")
    elsewhere = await create_project(org.store, organization_id=org.organization_id, name="elsewhere")
    for kind in ("insight", "project"):
        await org.give("none", kind, to=plain, project=elsewhere)
    await org.give("none", on=insight, to=plain, project=elsewhere)
    assert await Case("insight", plain, insight).open() == (OK, "EDITOR")
