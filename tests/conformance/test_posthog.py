"""The project's own trend cases also hold on the tables of a PostHog installation."""

from collections.abc import AsyncIterator, Callable

import pytest

from datasource.clickhouse.engine import Engine
from datasource.metadata.store import MetadataStore
from settings import Settings
from tests.conformance.cases import CaseSource, Kind, find_cases
from tests.conformance.conftest import OWN_CASES
from tests.conformance.posthog_world import PostHogWorld
from tests.conformance.runner import Runner, open_runner
from tests.conformance.set_aside import why_trends
from tests.support.posthog_tables import DATABASE

CASES = [
    case
    for case in find_cases(OWN_CASES)
    if isinstance(case, CaseSource) and case.kind is Kind.TRENDS and why_trends(case.name, case.content) is None
]


@pytest.fixture(scope="session")
async def posthog_runner(engine: Engine, new_settings: Callable[[str], Settings]) -> AsyncIterator[Runner]:
    settings = new_settings("posthog")
    async with MetadataStore.open(settings.metadata_url) as metadata:
        await metadata.migrate()
        world = await PostHogWorld.open(engine, metadata)
        async with open_runner(engine, metadata, settings, world) as runner:
            yield runner


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_case_holds(case: CaseSource, posthog_runner: Runner) -> None:
    assert await posthog_runner.run(case) == []


async def test_cases_are_answered_from_the_installations_tables(posthog_runner: Runner) -> None:
    before = await _events(posthog_runner)
    await posthog_runner.run(next(case for case in CASES if "per_day" in case.name))
    assert await _events(posthog_runner) > before


async def _events(runner: Runner) -> int:
    answer = await runner.engine.query(f"SELECT count() AS events FROM {DATABASE}.events")  # noqa: S608
    return int(str(answer.columns[0][0]))
