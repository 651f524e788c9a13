"""Columns found in an installation's system tables."""

import pytest

from datasource.clickhouse.engine import Engine
from datasource.layouts.posthog_columns import MaterializedColumn, PostHogColumns, find_columns, parse_comment
from tests.support.posthog_tables import without_sessions


def test_column_is_found_by_its_comment_alone(posthog: PostHogColumns) -> None:
    found = {
        ("events", "properties", "plan"): MaterializedColumn("mat_plan", is_nullable=False),
        ("events", "properties", "price"): MaterializedColumn("mat_price", is_nullable=False),
        ("events", "properties", "a.b"): MaterializedColumn("mat_a_b", is_nullable=True),
        ("events", "properties", "$group_3"): MaterializedColumn("$group_3", is_nullable=False),
        ("person", "properties", "email"): MaterializedColumn("pmat_email", is_nullable=True),
        ("events", "person_properties", "plan"): MaterializedColumn("mat_pp_plan", is_nullable=False),
    }
    assert found.items() <= posthog.materialized.items()
    assert posthog.of_property("person", "properties", "city") is None
    assert posthog.of_property("events", "properties", "city") is None, "it is switched off"


@pytest.mark.parametrize(
    ("comment", "place"),
    [
        ("column_materializer::plan", ("properties", "plan")),
        ("column_materializer::properties::plan", ("properties", "plan")),
        ("column_materializer::person_properties::a:b", ("person_properties", "a:b")),
        ("column_materializer::properties::plan::disabled", None),
        ("column_materializer::properties::a::b", None),
        ("column_materializer::", None),
        ("column_materializer", None),
        ("the plan", None),
        ("", None),
    ],
)
def test_comment_names_column_and_property(comment: str, place: tuple[str, str] | None) -> None:
    assert parse_comment(comment) == place


async def test_tables_that_are_missing_are_named(engine: Engine, posthog: PostHogColumns) -> None:
    assert posthog.missing_tables() == ()
    assert posthog.has_sessions
    assert not without_sessions(posthog).has_sessions
    await engine.command("CREATE DATABASE IF NOT EXISTS posthog_partly")
    await engine.command(
        "CREATE TABLE IF NOT EXISTS posthog_partly.events (event String) ENGINE = MergeTree ORDER BY event"
    )
    partly = await find_columns(engine, "posthog_partly")
    assert "events" not in partly.missing_tables()
    assert set(partly.missing_tables()) >= {"person", "groups", "cohortpeople"}


async def test_comments_on_a_clusters_data_table_count_for_the_table_that_is_read(engine: Engine) -> None:
    """A Distributed table shows the columns, and need not repeat their comments."""
    for statement in (
        "CREATE DATABASE IF NOT EXISTS posthog_cluster",
        "CREATE TABLE IF NOT EXISTS posthog_cluster.sharded_events (event String, "
        "mat_a String COMMENT 'column_materializer::a', mat_b String COMMENT 'column_materializer::b', "
        "mat_c UInt8 COMMENT 'column_materializer::c', `mat d` String COMMENT 'column_materializer::d') "
        "ENGINE = MergeTree ORDER BY event",
        "CREATE TABLE IF NOT EXISTS posthog_cluster.events "
        "(event String, mat_a String, mat_c UInt8, `mat d` String) "
        "ENGINE = MergeTree ORDER BY event",
    ):
        await engine.command(statement)
    found = await find_columns(engine, "posthog_cluster")
    assert dict(found.materialized) == {
        ("events", "properties", "a"): MaterializedColumn("mat_a", is_nullable=False)
    }
