"""The layout of requests while an installation's columns change."""

from dataclasses import dataclass

import pyarrow as pa
import pytest

from datasource.clickhouse.engine import Engine, Progress
from datasource.clickhouse.read_only_engine import ReadOnlyEngine
from datasource.layouts.contract import check_own_tables
from datasource.layouts.native import NativeLayout
from datasource.layouts.posthog import PostHogLayout
from datasource.layouts.posthog_columns import PostHogColumns
from datasource.layouts.providers import NativeLayoutProvider, PostHogLayoutProvider
from datasource.tables.migrate import MigrationTask, apply
from datasource.tables.steps import STEPS
from errors import ErrorCode, GatewayError
from tests.support.posthog_tables import DATABASE
from tests.support.seeds.events import NOW

EMPTY = "posthog_nothing_there"


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


async def test_native_layout_is_always_the_same() -> None:
    layout = await NativeLayoutProvider().at(NOW)
    assert isinstance(layout, NativeLayout)
    check_own_tables(layout, "Anything")


async def test_installations_layout_knows_its_columns_and_the_clock(
    engine: Engine, posthog: PostHogColumns
) -> None:
    layout = await (await PostHogLayoutProvider.find(engine, DATABASE)).at(NOW)
    assert layout == PostHogLayout(posthog, NOW, DATABASE)
    with pytest.raises(GatewayError, match="Loading is not available") as caught:
        check_own_tables(layout, "Loading")
    assert caught.value.code is ErrorCode.NOT_AVAILABLE
    assert caught.value.hint


async def test_columns_are_looked_up_again_after_a_while(engine: Engine, posthog: PostHogColumns) -> None:
    clock = Clock()
    layouts = PostHogLayoutProvider(engine, PostHogColumns(), DATABASE, ttl_s=60, clock=clock)
    clock.seconds = 59
    assert await layouts.at(NOW) == PostHogLayout(PostHogColumns(), NOW, DATABASE)
    clock.seconds = 60
    assert await layouts.at(NOW) == PostHogLayout(posthog, NOW, DATABASE)


async def test_last_known_columns_stay_while_they_cannot_be_looked_up(
    engine: Engine, posthog: PostHogColumns
) -> None:
    clock = Clock()
    layouts = PostHogLayoutProvider(engine, posthog, EMPTY, ttl_s=60, clock=clock)
    clock.seconds = 61
    kept = await layouts.at(NOW)
    assert isinstance(kept, PostHogLayout)
    assert kept.columns == posthog


async def test_database_without_the_tables_is_rejected(engine: Engine) -> None:
    with pytest.raises(GatewayError, match="events, person, person_distinct_id_overrides") as caught:
        await PostHogLayoutProvider.find(engine, EMPTY)
    assert caught.value.code is ErrorCode.UPSTREAM_UNAVAILABLE


async def test_read_only_engine_rejects_every_change(engine: Engine) -> None:
    reading = ReadOnlyEngine(engine)
    await reading.ping()
    assert (await reading.query("SELECT 1 AS one")).columns == ([1],)
    heard: list[Progress] = []
    await reading.query("SELECT sum(sipHash64(number)) FROM numbers(20000000)", on_progress=heard.append)
    assert heard
    for change in (
        reading.command("CREATE TABLE posthog_written (x UInt8) ENGINE = Memory"),
        reading.insert("INSERT INTO events SELECT * FROM {batch}", pa.table({"x": [1]})),
        apply(reading, [MigrationTask(STEPS[0], ("CREATE TABLE posthog_written (x UInt8) ENGINE = Memory",))]),
    ):
        with pytest.raises(GatewayError) as caught:
            await change
        assert caught.value.code is ErrorCode.NOT_AVAILABLE
        assert "TRENDGATE_EVENTS_LAYOUT" in (caught.value.hint or "")
    with pytest.raises(GatewayError, match="allows the gateway only to read"):
        await reading.query("CREATE TABLE posthog_written (x UInt8) ENGINE = Memory")
