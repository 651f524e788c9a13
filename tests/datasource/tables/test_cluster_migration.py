"""Where tables are created, and what is rejected before."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from datasource.clickhouse.address import ServerAddress
from datasource.clickhouse.native_engine import NativeEngine
from datasource.tables.migrate import check_up_to_date, migrate, plan_migration
from datasource.tables.steps import STEPS
from errors import BadUserInput, ErrorCode, GatewayError
from tests.support.cluster_servers import CLUSTER, ClusterEngine, open_cluster, start_servers
from tests.support.seeds.events import Event, EventSeeds, only, series, trend

pytestmark = pytest.mark.slow


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[ClusterEngine]:
    """A cluster without any table."""
    with start_servers(tmp_path) as ports:
        async with open_cluster(ports) as engine:
            yield engine


def server_of(engine: ClusterEngine, cluster: str | None) -> NativeEngine:
    """Open the first server with another cluster setting."""
    (host,) = engine.servers[0]._address.hosts
    return NativeEngine.open(ServerAddress.parse(f"clickhouse://{host.name}:{host.port}"), cluster=cluster)


async def test_migrate_makes_every_table_once(empty: ClusterEngine) -> None:
    with pytest.raises(BadUserInput, match="not up to date"):
        await check_up_to_date(empty)
    assert await migrate(empty) == STEPS
    assert await migrate(empty) == ()
    await check_up_to_date(empty)
    names = [
        (await server.query("SELECT name FROM system.tables WHERE database = 'default' ORDER BY name")).columns
        for server in empty.servers
    ]
    assert names[0] == names[1]
    assert {"events", "events_local", "events_by_hour_view", "person_properties_view"} <= set(names[0][0])


async def test_server_that_came_later_gets_the_tables_and_nothing_is_lost(empty: ClusterEngine) -> None:
    await migrate(empty)
    await empty.command("INSERT INTO event_properties SELECT 1, 'buy', 'price', 'Numeric', 5")
    for table in ("events_by_hour_view", "events_by_hour_local", "groups"):
        await empty.servers[1].command(f"DROP TABLE {table} SYNC")
    tasks = await plan_migration(empty)
    assert [(task.step, task.is_repeated) for task in tasks] == [(step, True) for step in STEPS]
    assert not any(text.startswith(("TRUNCATE", "INSERT")) for task in tasks for text in task.statements)
    await migrate(empty)
    assert await plan_migration(empty) == ()
    assert (await empty.query("SELECT sum(events) AS n FROM event_properties")).columns == ([5],)


async def test_added_server_is_not_mistaken_for_an_empty_cluster(empty: ClusterEngine) -> None:
    await migrate(empty)
    await empty.servers[0].command("DROP TABLE schema_versions SYNC")
    with pytest.raises(BadUserInput, match="other servers of the cluster do"):
        await plan_migration(empty)


async def test_tables_of_another_topology_are_rejected(empty: ClusterEngine) -> None:
    plain = server_of(empty, None)
    await migrate(plain)
    with pytest.raises(BadUserInput, match=f"do not belong to the cluster '{CLUSTER}'") as caught:
        await plan_migration(empty)
    assert "docs/scaling.md" in (caught.value.hint or "")
    await plain.close()


async def test_tables_of_a_cluster_are_rejected_without_or_with_another_cluster(empty: ClusterEngine) -> None:
    await migrate(empty)
    for name, message in ((None, "belong to a cluster"), ("other", "do not belong to the cluster 'other'")):
        engine = server_of(empty, name)
        with pytest.raises(BadUserInput, match=message):
            await migrate(engine)
        await engine.close()


async def test_unknown_cluster_is_rejected_with_the_known_ones(empty: ClusterEngine) -> None:
    engine = server_of(empty, "nowhere")
    with pytest.raises(BadUserInput, match="Unknown cluster 'nowhere'") as caught:
        await plan_migration(engine)
    assert CLUSTER in (caught.value.hint or "")
    await engine.close()


@pytest.mark.parametrize(
    ("macros", "message"),
    [
        (("<shard>1</shard><replica>a</replica>", "<shard>2</shard>"), "Not every server"),
        (("<shard>1</shard><replica>a</replica>", ""), "Not every server"),
        (("<shard>1</shard><replica>a</replica>",) * 2, "the same macros"),
    ],
)
async def test_servers_without_distinct_macros_are_rejected(
    macros: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    with start_servers(tmp_path, macros) as ports:
        async with open_cluster(ports) as engine:
            with pytest.raises(BadUserInput, match=message):
                await plan_migration(engine)


async def test_trend_without_a_shard_is_rejected(empty: ClusterEngine) -> None:
    await migrate(empty)
    seeds = EventSeeds.new(empty)
    await seeds.add_events([Event("sign up", "2020-01-10", person) for person in range(1, 21)])
    assert only(await seeds.run(trend(series()))).data == (0, 20, 0, 0)
    await empty.servers[1].command("SYSTEM STOP LISTEN TCP")
    with pytest.raises(GatewayError) as refused:
        await seeds.run(trend(series()))
    assert refused.value.code is ErrorCode.UPSTREAM_UNAVAILABLE
    await check_up_to_date(empty)  # a gateway starts all the same
