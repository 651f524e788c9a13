import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from datasource.clickhouse.engine import Engine
from datasource.metadata.members import ensure_member
from datasource.metadata.projects import ensure_project
from datasource.metadata.store import MetadataStore
from errors import ErrorCode, GatewayError, NotFound
from permissions.key_issuing import issue_key
from resolvers.context import RequestContext, open_context
from resolvers.projects import load_project
from resolvers.stores import Stores
from settings import Settings
from tests.support.metadata_stores import database_url, store

__all__ = ["database_url", "store"]

NOW = datetime(2020, 1, 15, 13, 5, 1, tzinfo=UTC)


async def context_with(
    authorization: str | None, store: MetadataStore, engine: Engine, tmp_path: Path
) -> RequestContext:
    settings = Settings(data_dir=tmp_path, query_timeout_s=3, query_max_rows=5, query_max_memory=7)
    return await open_context(Stores(store, engine), settings, authorization, NOW, "r")


async def issue(store: MetadataStore) -> tuple[str, int]:
    project = await ensure_project(store, organization="Org", name="shop")
    owner = await ensure_member(store, email="ada@example.com", organization_id=project.organization_id)
    return (await issue_key(store, owner=owner, label="tests", scopes=["*"])).value, project.id


async def test_context_with_key_has_its_caller(store: MetadataStore, engine: Engine, tmp_path: Path) -> None:
    key, _ = await issue(store)
    context = await context_with(f"Bearer {key}", store, engine, tmp_path)
    assert context.caller is not None
    assert context.caller.user is not None
    assert context.caller.user.email == "ada@example.com"
    assert context.authentication_error is None
    assert key not in repr(context)


@pytest.mark.parametrize("authorization", [None, "", "Basic abc", "Bearer phx_unknown_key_of_nobody"])
async def test_context_without_usable_key_keeps_the_reason(
    authorization: str | None, store: MetadataStore, engine: Engine, tmp_path: Path
) -> None:
    context = await context_with(authorization, store, engine, tmp_path)
    assert context.caller is None
    assert context.authentication_error is not None
    assert context.authentication_error.code is ErrorCode.UNAUTHENTICATED
    with pytest.raises(GatewayError) as caught:
        await load_project(context, "1")
    assert caught.value is context.authentication_error


async def test_context_takes_limits_from_the_settings(
    store: MetadataStore, engine: Engine, tmp_path: Path
) -> None:
    context = await context_with(None, store, engine, tmp_path)
    assert (context.limits.seconds, context.limits.rows_to_read, context.limits.memory_bytes) == (3, 5, 7)
    assert context.now == NOW


async def test_projects_are_loaded_in_one_query(store: MetadataStore, engine: Engine, tmp_path: Path) -> None:
    key, project_id = await issue(store)
    context = await context_with(f"Bearer {key}", store, engine, tmp_path)
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    listened = store._engine.sync_engine
    event.listen(listened, "before_cursor_execute", count)
    try:
        answers = await asyncio.gather(
            *(load_project(context, str(each)) for each in (project_id, 98, 99, project_id)),
            return_exceptions=True,
        )
    finally:
        event.remove(listened, "before_cursor_execute", count)
    assert [type(answer) for answer in answers[1:3]] == [NotFound, NotFound]
    assert answers[0] is answers[3]
    assert sum("FROM projects" in statement for statement in statements) == 1
