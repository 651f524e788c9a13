"""The gateway's answers in PostHog's terms: statuses for error codes, its names for fields."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from datasource.metadata.records import OrganizationLevel
from permissions.resources import PROJECT
from resolvers.context import no_such_project
from tests.conformance.access.expectations import Body, Reply
from tests.conformance.access.operations import Operation
from tests.conformance.access.world import World
from tests.conformance.fields import CaseError

_STATUSES = {"UNAUTHENTICATED": 401, "FORBIDDEN": 403, "NOT_FOUND": 404, "BAD_USER_INPUT": 400}
_NAMES = {"memberId": "organization_member", "roleId": "role", "scoped_projects": "scoped_teams"}
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
_UNKNOWN_VALUE = re.compile(r"does not exist in '(\w+)' enum")
_MISSING = re.compile(r"to include required field '(\w+)'")
_VALUES = "query($name: String!) { __type(name: $name) { enumValues { name } } }"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Return the first error of an answer."""

    code: str
    message: str
    path: tuple[object, ...]
    """The field with the error."""
    input_path: tuple[object, ...]

    @property
    def is_about_project(self) -> bool:
        """Whether the project itself was not found, which says nothing about its content."""
        return self.code == "NOT_FOUND" and self.message.startswith(no_such_project().message)


@dataclass(frozen=True, slots=True)
class Api:
    """The gateway over HTTP, in this process."""

    client: httpx2.AsyncClient

    async def ask(self, operation: Operation, key: str | None, *, header: str | None = None, **sent: Any) -> Any:
        """Return the value at the operation's path, or a Refusal. `sent` is added to the body.

        `header` is the whole header Authorization, by default that of the key.
        """
        authorization = header if header is not None else f"Bearer {key}" if key else None
        headers = {"accept": "application/json"}
        if authorization is not None:
            headers["authorization"] = authorization
        body = {"query": operation.text, "variables": operation.variables, **sent}
        answer = (await self.client.post("/graphql", json=body, headers=headers)).json()
        if answer.get("errors"):
            return await self._refusal(answer["errors"][0])
        value = answer["data"]
        for step in operation.path:
            value = value[step]
        return value

    async def _refusal(self, error: Mapping[str, Any]) -> Refusal:
        extensions = error.get("extensions", {})
        parts = [str(error["message"])]
        if hint := extensions.get("hint"):
            parts.append(str(hint))
        if unknown := _UNKNOWN_VALUE.search(parts[0]):
            # The levels that there are stand in the schema, not in the message.
            asked = Operation(_VALUES, {"name": unknown[1]}, ("__type", "enumValues"))
            parts.append(", ".join(value["name"] for value in await self.ask(asked, None)))
        missing = _MISSING.search(parts[0])
        return Refusal(
            code=str(extensions.get("code")),
            message=" ".join(parts),
            path=tuple(error.get("path") or ()),
            input_path=(*(extensions.get("path") or ()), *(missing.groups() if missing else ())),
        )


def read_refusal(refusal: Refusal) -> Reply:
    """Translate to PostHog's terms."""
    if refusal.code not in _STATUSES:
        raise CaseError(f"failed instead of being refused: {refusal.code}: {refusal.message}")
    named = [str(step) for step in refusal.input_path if not isinstance(step, int)]
    attr = posthog_name(named[-1]) if named else None
    return Reply(frozenset({_STATUSES[refusal.code]}), attr=attr, detail=refusal.message)


def posthog_name(name: str) -> str:
    """Return PostHog's name for an input."""
    return _NAMES.get(name) or _CAPITAL.sub("_", name).lower()


def read_policy(world: World, policy: Mapping[str, Any], *, is_of_object: bool) -> Body:
    """Return the rules and their context; rules about whole resources inherit nothing."""
    body: dict[str, Any] = {
        "access_controls": [read_rule(world, rule) for rule in policy["accessControls"]],
        "available_access_levels": [level.lower() for level in policy["availableAccessLevels"]],
        "default_access_level": policy["defaultAccessLevel"].lower(),
        "minimum_access_level": policy["minimumAccessLevel"].lower(),
        "maximum_access_level": policy["maximumAccessLevel"].lower(),
        "user_access_level": policy["userAccessLevel"].lower(),
        "user_can_edit_access_levels": policy["userCanEditAccessLevels"],
    }
    if is_of_object:
        inherited = policy["inheritedAccess"]
        body["inherited_access"] = None if inherited is None else dict(_read_grant(world, inherited))
    return body


def _read_grant(world: World, grant: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    resource = _lower(grant["sourceResource"])
    yield "access_level", grant["accessLevel"].lower()
    yield "source", grant["source"].lower()
    yield "source_subject", _lower(grant["sourceSubject"])
    yield "source_resource", resource
    yield "source_resource_id", world.ref_of(grant["sourceResourceId"], resource or "")
    name = grant["sourceDisplayName"]
    yield "source_display_name", {email: ref for ref, email in world.emails.items()}.get(name, name)


def read_rule(world: World, rule: Mapping[str, Any]) -> Body:
    """Return a rule with references instead of ids; the member has both PostHog's name and the cases' name."""
    resource = rule["resource"].lower()
    member = world.ref_of(rule["member"] and rule["member"]["id"], "user")
    return {
        "resource": resource,
        "resource_id": world.ref_of(rule["resourceId"], resource),
        "member": member,
        "organization_member": member,
        "role": world.ref_of(rule["role"] and rule["role"]["id"], "role"),
        "access_level": rule["accessLevel"].lower(),
        "created_by": world.ref_of(rule["createdBy"] and rule["createdBy"]["id"], "user"),
        "created_at": rule["createdAt"],
        "updated_at": rule["updatedAt"],
    }


def read_people(world: World, connection: Mapping[str, Any]) -> Reply:
    """Return the people with access, in the order of the answer."""
    people = tuple(
        {
            "ref": world.ref_of(node["member"]["id"], "user"),
            "user_id": world.ref_of(node["member"]["id"], "user"),
            "access_level": node["accessLevel"].lower(),
            "access_source": node["accessSource"].lower(),
            "organization_membership_level": int(OrganizationLevel[node["member"]["level"]]),
        }
        for node in (edge["node"] for edge in connection["edges"])
    )
    return Reply(frozenset({200}), people=people, total=connection["totalCount"])


def read_items(world: World, value: Any, resource: str) -> tuple[str, ...]:
    """Return the references in a list or a connection."""
    nodes = value if isinstance(value, list) else [edge["node"] for edge in value["edges"]]
    kinds = (PROJECT.name,) if resource == PROJECT.name else (resource,)
    return tuple(str(world.ref_of(node["id"], *kinds)) for node in nodes)


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()
