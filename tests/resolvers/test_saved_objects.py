from pathlib import Path

import pytest
from sqlalchemy import event

from datasource.clickhouse.engine import Engine
from datasource.metadata.actions import ACTION_REPOSITORY, create_action
from datasource.metadata.projects import ensure_project
from datasource.metadata.records import ProjectRecord
from datasource.metadata.store import MetadataStore
from resolvers.context import RequestContext
from resolvers.saved_objects import load_saved_objects
from resolvers.trends.actions import Action, ActionStep
from resolvers.trends.query import ActionSeries, EventSeries, TrendQuery
from tests.resolvers.test_context import NOW, context_with
from tests.support.metadata_stores import database_url, store
from tests.support.reached_projects import by_admin

__all__ = ["database_url", "store"]


@pytest.fixture
async def context(store: MetadataStore, engine: Engine, tmp_path: Path) -> RequestContext:
    return await context_with(None, store, engine, tmp_path)


@pytest.fixture
async def project(store: MetadataStore) -> ProjectRecord:
    return await ensure_project(store, organization="Org", name="shop")


def question(*action_ids: int) -> TrendQuery:
    return TrendQuery((EventSeries("pay"), *(ActionSeries(each) for each in action_ids)))


async def create(store: MetadataStore, project: ProjectRecord, name: str) -> int:
    made = await create_action(store, project_id=project.id, name=name, steps=[{"event": name}], now=NOW)
    return made.id


async def test_saved_objects_holds_the_mentioned_actions_of_the_project(
    context: RequestContext, store: MetadataStore, project: ProjectRecord
) -> None:
    other = await ensure_project(store, organization="Org", name="other")
    one, two, gone, _ = [await create(store, project, name) for name in ("one", "two", "gone", "not mentioned")]
    theirs = await create(store, other, "theirs")
    await ACTION_REPOSITORY.delete(store, (project.id, gone), now=NOW)
    saved = await load_saved_objects(context, by_admin(project), question(two, one, two, gone, theirs, 99, 10**17))
    assert saved.actions == {
        one: Action(one, "one", (ActionStep("one"),)),
        two: Action(two, "two", (ActionStep("two"),)),
    }


async def test_saved_objects_is_loaded_with_one_statement_per_request(
    context: RequestContext, store: MetadataStore, project: ProjectRecord
) -> None:
    ids = [await create(store, project, name) for name in ("one", "two", "three")]
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    listened = store._engine.sync_engine
    event.listen(listened, "before_cursor_execute", note)
    try:
        await load_saved_objects(context, by_admin(project), question())
        assert statements == []
        for _ in range(2):
            assert len((await load_saved_objects(context, by_admin(project), question(*ids))).actions) == 3
    finally:
        event.remove(listened, "before_cursor_execute", note)
    assert sum("FROM saved_actions" in statement for statement in statements) == 1
