"""Runs an API key case: a person in two organizations, each with a project, and their keys."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from datasource.metadata.actions import create_action
from datasource.metadata.cohorts import StoredMembership, create_cohort
from datasource.metadata.insights import create_insight
from datasource.metadata.members import add_member, set_member_active
from datasource.metadata.organizations import create_organization
from datasource.metadata.projects import create_project
from datasource.metadata.records import KeyRecord, MemberRecord, ProjectRecord
from datasource.metadata.store import MetadataStore
from errors import ErrorCode, GatewayError
from permissions.api_keys import hash_key
from permissions.guarded_field import guarded_field, unguarded_fields
from permissions.key_issuing import issue_key
from permissions.resources import ACTION, COHORT, INSIGHT, PROJECT, registered
from schema.build import build_schema
from schema.mutation import Mutation
from schema.query import Query
from settings import Settings
from tests.conformance.access.answers import Refusal, posthog_name, read_refusal
from tests.conformance.access.expectations import Expectation, Reply, failures
from tests.conformance.access.key_cases import (
    OWN_HASHES,
    PERSONAL_KEY,
    USER,
    KeyHash,
    KeyRequest,
    KeySettings,
    KeyWrite,
    read_key_case,
)
from tests.conformance.access.operations import SUCCESS, Operation, use
from tests.conformance.access.resources import MADE, RESOURCES, SHELVES
from tests.conformance.access.runner import Gateways
from tests.conformance.access.schema import build_scoped_schema
from tests.conformance.access.set_aside import OTHER_HASHES, why_key
from tests.conformance.cases import CaseSource, SetAside
from tests.conformance.fields import CaseError
from tests.support.api_keys import make_key

VIEWER = Operation("{ viewer { keyId user { id } } }", {}, ("viewer",))
_ACT = "query($p: ID!) { act(projectId: $p) }"
_THROUGH_PROJECT = (INSIGHT.name, ACTION.name, COHORT.name)
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class KeyWorld:
    """A person, and the projects by their names in cases."""

    user: MemberRecord
    projects: Mapping[str, ProjectRecord]


async def build_key_world(store: MetadataStore, name: str) -> KeyWorld:
    """The person belongs to "own" and "other", not to "foreign"."""
    number = next(_numbers)
    email = f"u1.{number}@keys.example.com"
    projects, member = {}, None
    for place in ("own", "other", "foreign"):
        # Organizations are ordered by name: "1 own" comes first.
        organization = await create_organization(store, name=f"{name[:150]} {number} {_ORDER[place]}")
        projects[place] = await create_project(store, organization_id=organization.id, name=place)
        if place != "foreign":
            member = await add_member(store, email=email, organization_id=organization.id)
    if member is None:
        raise AssertionError
    return KeyWorld(member, projects)


_ORDER = {"own": "1 own", "other": "2 other", "foreign": "3 foreign"}


@dataclass(frozen=True, slots=True)
class KeyRunner:
    """Runs API key cases."""

    gateways: Gateways

    @property
    def store(self) -> MetadataStore:
        return self.gateways.stores.metadata

    async def run(self, source: CaseSource) -> list[str]:
        """Return what does not hold, in words.

        Raises CaseError for a case that cannot be read or set up, and SetAside.
        """
        case = read_key_case(source.content, source.name)
        if isinstance(case, KeyHash):
            if case.mode not in (None, OWN_HASHES):
                raise SetAside(OTHER_HASHES)
            found = hash_key(case.value)
            return [] if found == case.expected else [f"the hash is {found}, not {case.expected}"]
        with registered(*RESOURCES):
            if isinstance(case, KeyRequest) and (reason := why_key(case)):
                raise SetAside(reason)
            world = await build_key_world(self.store, source.name)
            if isinstance(case, KeyWrite):
                return failures(case.expected, await self._issue(world, case))
            return await self._request(world, case)

    async def _issue(self, world: KeyWorld, write: KeyWrite) -> Reply:
        for _ in range(write.existing_keys):
            await make_key(self.store, world.user, ["*"])
        try:
            issued = await issue_key(
                self.store,
                owner=world.user,
                label=_text(write.label),
                description=_text(write.description),
                scopes=_listed(write.scopes),
                scoped_projects=[_project_id(world, each) for each in write.projects],
                scoped_organizations=[_organization_id(world, each) for each in write.organizations],
            )
        except GatewayError as refusal:
            if refusal.code is not ErrorCode.BAD_USER_INPUT:
                raise CaseError(f"failed instead of being refused: {refusal.code}: {refusal.message}") from refusal
            attr = posthog_name(str(refusal.path[-1])) if refusal.path else None
            return Reply(frozenset({400}), attr=attr, detail=f"{refusal.message} {refusal.hint or ''}")
        return Reply(frozenset({201}), body=_read_record(world, issued.record, issued.value))

    async def _request(self, world: KeyWorld, request: KeyRequest) -> list[str]:
        if request.is_unmapped:
            return check_no_undeclared_action(request.expected)
        if request.resource == PERSONAL_KEY and not _is_own_key(request):
            return check_no_keys_of_keys(request.expected)
        key = None if request.key is None else await self._key(world, request)
        key = key if request.key_override is None else request.key_override
        if not request.is_user_active:
            await set_member_active(self.store, email=world.user.email, is_active=False)
        if request.via == "query":
            return await self._by_query(key)
        operation = await self._operation(world, request)
        if request.scopes is None:
            api = self.gateways.api()
        else:
            build = partial(build_scoped_schema, resource=request.resource, scopes=request.scopes)
            api = self.gateways.api_of((request.resource, request.scopes), self.gateways.settings, build)
        sent = {"personal_api_key": key} if request.via == "body" else {}
        header = None if request.header is None else request.header.replace("<key>", key or "")
        answer = await api.ask(operation, key if request.via == "header" else None, header=header, **sent)
        if isinstance(answer, Refusal):
            return failures(request.expected, _refuse(answer, request))
        action = request.plain_action
        status = 200 if action is None or request.scopes is not None else SUCCESS.get(action, 200)
        return failures(request.expected, Reply(frozenset({status})))

    async def _key(self, world: KeyWorld, request: KeyRequest) -> str:
        settings = _with_way_there(request)
        return await make_key(
            self.store,
            world.user,
            settings.scopes,
            projects=[world.projects[each].id for each in settings.projects],
            organizations=[world.projects[each].organization_id for each in settings.organizations],
        )

    async def _by_query(self, key: str | None) -> list[str]:
        # The key is not used there, so the case's scopes do not matter.
        client = self.gateways.api().client
        answer = await client.post(
            "/graphql", json={"query": VIEWER.text}, params={"personal_api_key": key or "phx_unknown"}
        )
        return [] if answer.status_code in (400, 401) else [f"status {answer.status_code}, not 400 or 401"]

    async def _operation(self, world: KeyWorld, request: KeyRequest) -> Operation:
        if request.resource in (USER, PERSONAL_KEY):
            return VIEWER
        project = world.projects[_place(request)]
        if request.scopes is not None:
            return Operation(_ACT, {"p": str(project.id)}, ("act",))
        action = request.plain_action
        if action is None:
            raise CaseError(f"request.action: {request.action!r} is unknown")
        object_id = None
        if action.is_about_one and request.resource != PROJECT.name:
            object_id = await self._add_object(world, request.resource, project)
        return use(request.resource, action, str(project.id), object_id)

    async def _add_object(self, world: KeyWorld, resource: str, project: ProjectRecord) -> str:
        saved: dict[str, Any] = {"project_id": project.id, "name": "a", "now": MADE, "created_by": world.user.id}
        if resource == INSIGHT.name:
            return str((await create_insight(self.store, **saved, query={})).id)
        if resource == ACTION.name:
            return str((await create_action(self.store, **saved, steps=[])).id)
        if resource == COHORT.name:
            membership = StoredMembership(is_static=False)
            return str((await create_cohort(self.store, **saved, membership=membership)).id)
        if resource not in SHELVES:
            raise CaseError(f"request.resource: {resource!r} is unknown")
        return str(SHELVES[resource].put(project.id, world.user.id).id)


def _place(request: KeyRequest) -> str:
    """Return the project that the request is about."""
    named = request.id if request.resource == PROJECT.name and request.id else request.project
    if named == "@current":
        return request.current
    if named in ("own", "other"):
        return named
    return "own"  # a list of projects is about no project in particular


def _with_way_there(request: KeyRequest) -> KeySettings:
    """Create the key; fields below project(id) also need the scope of that field."""
    settings = request.key or KeySettings((), (), ())
    is_below = request.resource in _THROUGH_PROJECT and request.scopes is None
    if not is_below or not settings.scopes:
        return settings
    return replace(settings, scopes=(*settings.scopes, f"{PROJECT.name}:read"))


def _is_own_key(request: KeyRequest) -> bool:
    return request.action == "retrieve" and request.id in ("@current", "own")


def _refuse(refusal: Refusal, request: KeyRequest) -> Reply:
    reply = read_refusal(refusal)
    is_inside = request.resource != PROJECT.name and request.project != "@current"
    return replace(reply, statuses=frozenset({403})) if refusal.is_about_project and is_inside else reply


def check_no_undeclared_action(expected: Expectation) -> list[str]:
    """A field cannot be declared without scopes, and none exists, so a key cannot use one."""
    found = list(unguarded_fields(Query, Mutation))
    try:
        guarded_field(scopes=[])
        found.append("a field without scopes can be declared")
    except ValueError:
        pass
    return found + ([] if expected.status == 403 else [f"no key may use it, where {expected.status} was expected"])


def check_no_keys_of_keys(expected: Expectation) -> list[str]:
    """No field is about keys for any caller; only `viewer` describes the key in use."""
    found = [name for name in fields_about_keys() if name != "Query.viewer"]
    wrong = [] if expected.status in (403, 404) else [f"no key may, where {expected.status} was expected"]
    return [f"the field {name} is about keys" for name in found] + wrong


def fields_about_keys() -> list[str]:
    """Return the fields of Query and Mutation that are named after keys or return one."""
    types = build_schema(Settings())._schema
    found = []
    for root in (types.query_type, types.mutation_type):
        for name, field in (root.fields if root else {}).items():
            answered = getattr(field.type, "of_type", field.type)
            if "key" in name.lower() or any("key" in each.lower() for each in getattr(answered, "fields", {})):
                found.append(f"{root and root.name}.{name}")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str | None):
        raise CaseError(f"must be a string, not {value!r}")
    return value or ""


def _listed(value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise CaseError(f"must be a list of scopes, not {value!r}")
    return [str(each) for each in value]


def _project_id(world: KeyWorld, place: object) -> int:
    """Return the project id: a number is an id, and an unknown name means a foreign project."""
    if isinstance(place, int):
        return place
    return world.projects.get(str(place), world.projects["foreign"]).id


def _organization_id(world: KeyWorld, place: object) -> str:
    """Return the organization's id, or the value itself if it is not the name of one."""
    known = world.projects.get(str(place))
    return known.organization_id if known else str(place)


def _read_record(world: KeyWorld, record: KeyRecord, value: str) -> Mapping[str, object]:
    projects = {project.id: place for place, project in world.projects.items()}
    organizations = {project.organization_id: place for place, project in world.projects.items()}
    return {
        "id": record.id,
        "label": record.label,
        "description": record.description,
        "value": value,
        "mask_value": record.mask,
        "created_at": record.created_at.isoformat(),
        "last_used_at": record.last_used_at,
        "last_rolled_at": record.last_rolled_at,
        "scopes": list(record.scopes),
        "scoped_teams": [projects[each] for each in record.scoped_projects or ()],
        "scoped_organizations": [organizations[each] for each in record.scoped_organizations or ()],
    }
