"""Runs an access case: stores its organization, takes its steps, checks the answers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from asgi.app import create_app
from datasource.metadata.store import MetadataStore
from permissions.resources import registered
from permissions.scopes import EVERYTHING
from resolvers.stores import Stores
from schema.build import GatewaySchema
from settings import Settings
from tests.conformance.access.answers import (
    Api,
    Refusal,
    read_items,
    read_people,
    read_policy,
    read_refusal,
)
from tests.conformance.access.cases import (
    Action,
    Change,
    GetPeople,
    GetRules,
    OtherRules,
    Question,
    Request,
    SetRule,
    Step,
    UseObjects,
    is_project,
    read_access_case,
)
from tests.conformance.access.expectations import Expectation, Reply, failures
from tests.conformance.access.operations import PEOPLE, SUCCESS, Operation, get_policy, set_rule, use
from tests.conformance.access.questions import check_question
from tests.conformance.access.resources import RESOURCES
from tests.conformance.access.schema import build_access_schema
from tests.conformance.access.set_aside import why_access
from tests.conformance.access.world import FOREIGN, Placed, World, apply_change, build_world
from tests.conformance.cases import CaseSource, SetAside
from tests.conformance.fields import CaseError


@dataclass(frozen=True, slots=True)
class Gateways:
    """The gateway with the cases' resources, and variants of it over the same stores."""

    stores: Stores
    settings: Settings
    opened: dict[object, Api] = field(default_factory=dict)

    def api(self, *, most_objects: int | None = None) -> Api:
        """Return a gateway with a limit on objects with rules, or the default one."""
        settings = self.settings.model_copy(
            update={} if most_objects is None else {"max_objects_with_rules": most_objects}
        )
        return self.api_of(most_objects, settings, build_access_schema)

    def api_of(self, name: object, settings: Settings, build: Callable[[Settings], GatewaySchema]) -> Api:
        """Return the gateway of that name, opened on first use."""
        if name not in self.opened:
            app = create_app(settings, stores=self.stores, schema=build(settings))
            transport = httpx2.ASGITransport(app=app)
            self.opened[name] = Api(httpx2.AsyncClient(transport=transport, base_url="http://gateway"))
        return self.opened[name]


@asynccontextmanager
async def open_gateways(stores: Stores, settings: Settings) -> AsyncIterator[Gateways]:
    """Open gateways over these stores; they are closed at the end."""
    gateways = Gateways(stores, settings)
    yield gateways
    for api in gateways.opened.values():
        await api.client.aclose()


@dataclass(frozen=True, slots=True)
class AccessRunner:
    """Runs access cases."""

    gateways: Gateways

    @property
    def store(self) -> MetadataStore:
        return self.gateways.stores.metadata

    async def run(self, source: CaseSource) -> list[str]:
        """Return what does not hold, in words.

        Raises CaseError for a case that cannot be read or set up, and SetAside.
        """
        case = read_access_case(source.content, source.name)
        if reason := why_access(case):
            raise SetAside(reason)
        with registered(*RESOURCES):
            world = await build_world(self.store, case)
            api = self.gateways.api(most_objects=case.organization.object_rule_limit)
            return [
                f"step {number}: {failure}"
                for number, step in enumerate(case.steps)
                for failure in await _take(Steps(world, api), step)
            ]


async def _take(steps: "Steps", step: Step) -> list[str]:
    match step:
        case Change():
            await apply_change(steps.world, step)
            return []
        case Question():
            return await check_question(steps.world, step)
        case OtherRules():
            raise CaseError("rules that are not in force cannot be asked")
        case _:
            expected = step.sending.expected
            return _failures(step, expected, await steps.send(step))


def _failures(step: Request, expected: Expectation, reply: Reply) -> list[str]:
    if isinstance(step, SetRule) and not step.endpoint.is_of_object and not is_project(step.about.resource):
        # The gateway has no such URL: the rule must be rejected, with any status.
        if min(reply.statuses) < 400:
            return ["the rule was set, where a refusal was expected"]
        expected = replace(expected, status=min(reply.statuses))
    return failures(expected, reply)


@dataclass(frozen=True, slots=True)
class Steps:
    """Sends the requests of one case."""

    world: World
    api: Api

    async def send(self, step: Request) -> Reply:
        """Send the request and return the answer in PostHog's terms."""
        match step:
            case SetRule():
                return await self._set(step)
            case GetRules():
                return await self._get(step)
            case GetPeople():
                return await self._people(step)
            case UseObjects():
                return await self._use(step)

    async def _ask(self, step: Request, operation: Operation) -> Any:
        world, scopes = self.world, step.sending.scopes
        world.user_id(step.about.actor)
        key = await world.key(step.about.actor, (EVERYTHING,) if scopes is None else scopes)
        answer = await self.api.ask(operation, key)
        return _refuse(answer, step) if isinstance(answer, Refusal) else answer

    async def _set(self, step: SetRule) -> Reply:
        placed = self.world.object(str(step.about.object))
        given = self._rule_input(step, placed)
        policy = await self._ask(step, set_rule(given))
        if isinstance(policy, Reply):
            return policy
        if step.rule.access_level is None:
            return Reply(frozenset({204}))
        body = read_policy(self.world, policy, is_of_object=True)
        wanted = {
            "resource": str(given["resource"]).lower(),
            "resource_id": _target_ref(step, given),
            "member": step.rule.member,
            "role": step.rule.role,
        }
        rules = [rule for rule in body["access_controls"] if all(rule[key] == wanted[key] for key in wanted)]
        if len(rules) != 1:
            raise CaseError(f"the answer has {len(rules)} rules for {wanted}, not one: {body['access_controls']}")
        return Reply(frozenset({200}), body=rules[0])

    def _rule_input(self, step: SetRule, placed: Placed) -> dict[str, Any]:
        rule, world = step.rule, self.world
        given: dict[str, Any] = {"projectId": str(placed.project.id)}
        if step.endpoint.is_of_object:
            # The address says what the rule is about, whatever the body does.
            given["resource"] = str(step.about.resource).upper()
            if not is_project(step.about.resource):
                given["resourceId"] = placed.id
        else:
            if rule.resource is not None:
                given["resource"] = rule.resource.upper()
            if rule.resource_id is not None:
                given["resourceId"] = self._id(rule.resource_id)
        if rule.member is not None:
            is_foreign = rule.member.startswith(FOREIGN)
            given["memberId"] = world.membership_id(rule.member) if is_foreign else world.user_id(rule.member)
        if rule.member_raw is not None:
            given["memberId"] = rule.member_raw
        if rule.role is not None:
            given["roleId"] = world.role(rule.role).id
        if "access_level" in rule.given:
            level = rule.access_level
            given["accessLevel"] = level.upper() if isinstance(level, str) else level
        return given

    def _id(self, resource_id: str) -> str:
        return self.world.object(resource_id[1:]).id if resource_id.startswith("@") else resource_id

    async def _get(self, step: GetRules) -> Reply:
        placed, is_of_object = self.world.object(str(step.about.object)), step.endpoint.is_of_object
        resource = step.about.resource if is_of_object else None
        object_id = None if resource is None or is_project(resource) else placed.id
        policy = await self._ask(step, get_policy(str(placed.project.id), resource, object_id))
        if isinstance(policy, Reply):
            return policy
        return Reply(frozenset({200}), body=read_policy(self.world, policy, is_of_object=is_of_object))

    async def _people(self, step: GetPeople) -> Reply:
        placed = self.world.object(str(step.about.object))
        operation = get_policy(str(placed.project.id), step.about.resource, placed.id, shows=PEOPLE)
        policy = await self._ask(step, operation)
        return policy if isinstance(policy, Reply) else read_people(self.world, policy["usersWithAccess"])

    async def _use(self, step: UseObjects) -> Reply:
        world, resource = self.world, str(step.about.resource)
        placed = None if step.about.object is None else world.object(step.about.object)
        project = placed.project if placed else world.project
        operation = use(resource, step.action, str(project.id), placed.id if placed else None)
        answer = await self._ask(step, operation)
        if isinstance(answer, Reply):
            return answer
        statuses = frozenset({SUCCESS.get(step.action, 200)})
        if step.action is Action.LIST:
            return Reply(statuses, items=read_items(world, answer, resource))
        level = answer["userAccessLevel"].lower() if isinstance(answer, dict) else None
        return Reply(statuses, body={"user_access_level": level})


def _target_ref(step: SetRule, given: dict[str, Any]) -> str | None:
    if step.endpoint.is_of_object:
        return step.about.object
    return step.about.object if is_project(given["resource"].lower()) else None


def _refuse(refusal: Refusal, step: Request) -> Reply:
    """Translate to PostHog's status, which reveals more about projects out of reach than the gateway does."""
    reply = read_refusal(refusal)
    if not refusal.is_about_project or step.sending.is_current:
        return reply
    if not is_project(step.about.resource):
        return replace(reply, statuses=frozenset({403}))
    return reply if isinstance(step, UseObjects) else replace(reply, statuses=frozenset({403, 404}))
