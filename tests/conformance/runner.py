"""Runs a case: inserts its data, sets the clock, sends the query over GraphQL, checks the answer."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx2

from asgi.app import create_app
from datasource.clickhouse.engine import Engine
from datasource.metadata.members import ensure_member
from datasource.metadata.organizations import ensure_organization
from datasource.metadata.store import MetadataStore
from permissions.key_issuing import issue_key
from resolvers.stores import Stores
from settings import Settings
from tests.conformance.cases import Case, CaseSource, Run, read_case
from tests.conformance.checks import Check, failures, read_checks
from tests.conformance.fields import CaseError
from tests.conformance.filters import Input
from tests.conformance.legacy import read_filter_dictionary
from tests.conformance.newer import read_trends_query
from tests.conformance.posthog_world import PostHogWorld
from tests.conformance.results import TREND, read_rows
from tests.conformance.series import EXPORT_LIMIT
from tests.conformance.world import (
    add_data,
    add_project,
    read_action,
    read_cohort,
    set_test_account_filters,
)

_CREATE_ACTION = "mutation($input: ActionCreateInput!) { actionCreate(input: $input) { id } }"
_CREATE_COHORT = "mutation($input: CohortCreateInput!) { cohortCreate(input: $input) { id } }"
_FORMS = {"filter": read_filter_dictionary, "trends_query": read_trends_query}
_REFUSED = "BAD_USER_INPUT"

References = Mapping[str, int]


@dataclass(slots=True)
class Clock:
    """The gateway's clock, set by a run."""

    now: datetime = datetime(2020, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class Runner:
    """The gateway in this process, with one engine and one metadata store for all cases."""

    client: httpx2.AsyncClient
    clock: Clock
    engine: Engine
    metadata: MetadataStore
    organization_id: str
    posthog: PostHogWorld | None = None

    async def run(self, source: CaseSource) -> list[str]:
        """Return what does not hold, in words. Raises CaseError for a case that cannot be read or set up."""
        case = read_case(source)
        if not case.runs:
            raise CaseError("a case needs runs")
        self.clock.now = case.runs[0].now.astimezone(UTC)
        project_id = await add_project(self.metadata, self.organization_id, case)
        await self._add_data(project_id, case)
        if any(event.is_of_other_project for event in case.events):
            other = await add_project(self.metadata, self.organization_id, case)
            await self._add_data(other, case, is_other=True)
        references = await self._save(case, project_id)
        filters = resolve(case.project.test_account_filters, references)
        await set_test_account_filters(self.metadata, project_id, filters)
        return [
            f"run {number}: {failure}"
            for number, run in enumerate(case.runs)
            for failure in await self._run(run, project_id, references)
        ]

    async def _add_data(self, project_id: int, case: Case, *, is_other: bool = False) -> None:
        if self.posthog is None:
            await add_data(self.engine, project_id, case, is_other=is_other)
        else:
            await self.posthog.add_data(project_id, case, is_other=is_other)

    async def _save(self, case: Case, project_id: int) -> References:
        """Create the case's cohorts and actions, referenced ones first, and return their ids."""
        ids: dict[str, int] = {}
        for cohort in case.cohorts:
            groups = [(place, resolve(group, ids)) for place, group in cohort.groups]
            resolved = replace(cohort, groups=groups)
            if self.posthog is None:
                made = read_cohort(resolved, project_id)
                ids[cohort.ref] = await self._create(_CREATE_COHORT, "cohortCreate", made)
            else:
                ids[cohort.ref] = await self.posthog.add_cohort(project_id, resolved, self.clock.now)
        for action in case.actions:
            steps = [(place, resolve(step, ids)) for place, step in action.steps]
            made = read_action(replace(action, steps=steps), project_id)
            ids[action.ref] = await self._create(_CREATE_ACTION, "actionCreate", made)
        return ids

    async def _create(self, mutation: str, field: str, given: Input) -> int:
        body = await self._ask(mutation, {"input": given})
        if body.get("errors"):
            raise CaseError(f"{field} is refused: {body['errors']}")
        return int(body["data"][field]["id"])

    async def _run(self, run: Run, project_id: int, references: References) -> list[str]:
        query = _FORMS[run.form](resolve(run.query, references), is_export=run.is_export)
        checks = read_checks([(place, resolve(item, references)) for place, item in run.checks])
        self.clock.now = run.now.astimezone(UTC)
        body = await self._ask(TREND, {"project": str(project_id), "query": query})
        errors = body.get("errors")
        if checks is None:
            return [*_check_refusal(errors), *await self._run_rest(run, project_id, references, None)]
        if errors:
            return [f"refused: {errors}"]
        rows = read_rows(body["data"]["project"]["trend"], query)
        found = [failure for check in checks for failure in failures(check, rows)]
        return [*found, *await self._run_rest(run, project_id, references, checks)]

    async def _run_rest(
        self, run: Run, project_id: int, references: References, checks: tuple[Check, ...] | None
    ) -> list[str]:
        """Return what does not hold for the same legacy parameters at the REST endpoint."""
        if run.form != "filter":
            return []
        sent = resolve(run.query, references)
        if run.is_export and isinstance(sent, dict):
            sent = {"breakdown_limit": EXPORT_LIMIT, **sent}
        response = await self.client.post(f"/api/projects/{project_id}/insights/trend/", json=sent)
        if checks is None:
            return [] if response.status_code == 400 else [f"REST: answered with {response.status_code}"]
        if response.status_code != 200:
            return [f"REST: refused: {response.text}"]
        rows = response.json()["results"]
        return [f"REST: {failure}" for check in checks for failure in failures(check, rows)]

    async def _ask(self, query: str, variables: dict[str, Any]) -> Any:
        response = await self.client.post("/graphql", json={"query": query, "variables": variables})
        return response.json()


def _check_refusal(errors: list[dict[str, Any]] | None) -> list[str]:
    if not errors:
        return ["answered, where a refusal was expected"]
    codes = [error.get("extensions", {}).get("code") for error in errors]
    return [] if set(codes) == {_REFUSED} else [f"failed instead of being refused: {errors}"]


def resolve(value: object, references: References) -> object:
    """Replace references such as "@c1" by ids, at any depth."""
    if isinstance(value, str) and value.startswith("@"):
        return references.get(value[1:], value)
    if isinstance(value, list):
        return [resolve(item, references) for item in value]
    if isinstance(value, dict):
        return {key: resolve(item, references) for key, item in value.items()}
    return value


@asynccontextmanager
async def open_runner(
    engine: Engine, metadata: MetadataStore, settings: Settings, posthog: PostHogWorld | None = None
) -> AsyncIterator[Runner]:
    """Open a runner whose requests carry a key with all scopes; events are in `posthog`, if given."""
    organization = await ensure_organization(metadata, name="Conformance")
    owner = await ensure_member(metadata, email="ada@example.com", organization_id=organization.id)
    key = await issue_key(metadata, owner=owner, label="conformance", scopes=["*"])
    clock = Clock()
    stores = Stores(metadata, engine) if posthog is None else Stores(metadata, engine, posthog.layouts)
    app = create_app(settings, stores=stores, clock=clock)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url="http://gateway",
        headers={"authorization": f"Bearer {key.value}", "accept": "application/json"},
    ) as client:
        yield Runner(client, clock, engine, metadata, organization.id, posthog)
