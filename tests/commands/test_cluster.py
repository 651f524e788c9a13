"""The command line with its events on a cluster."""

from pathlib import Path
from zoneinfo import ZoneInfo

import httpx2
import pytest

from resolvers.trends.query import TrendProject
from tests.datasource.tables.test_topology import PLACES, statements
from tests.support.cluster_servers import CLUSTER, migrated_cluster, open_cluster, start_servers
from tests.support.command_line import Run, error_of, stdout_of
from tests.support.seeds.events import Event, EventSeeds
from tests.support.trendgate_process import serve


def settings_of(port: int, cluster: str | None = CLUSTER) -> dict[str, str]:
    named = {} if cluster is None else {"TRENDGATE_CLICKHOUSE_CLUSTER": cluster}
    return {"TRENDGATE_CLICKHOUSE_URL": f"clickhouse://127.0.0.1:{port}", **named}


async def test_statements_of_a_dry_run_create_the_tables(start: Run, tmp_path: Path) -> None:
    with start_servers(tmp_path / "cluster") as ports:
        settings = settings_of(ports[0], None)
        printed = stdout_of(start("migrate", "--cluster", CLUSTER, "--dry-run", **settings))
        assert printed.startswith("-- Step 1: events, people, groups and the hourly roll-up\nCREATE TABLE")
        assert stdout_of(start("migrate", "--cluster", CLUSTER, "--dry-run", **settings)) == printed
        async with open_cluster(ports) as engine:
            for statement in printed.split(";\n"):
                if statement.strip():
                    await engine.command(statement)
        assert stdout_of(start("migrate", "--cluster", CLUSTER, **settings)) == (
            f"The metadata store and the cluster {CLUSTER} are up to date.\n"
            f"Set TRENDGATE_CLICKHOUSE_CLUSTER={CLUSTER} for servers and loads.\n"
        )
        assert (
            stdout_of(start("migrate", "--dry-run", **settings_of(ports[0]))) == "-- The tables are up to date.\n"
        )
        assert "Set TRENDGATE_CLICKHOUSE_CLUSTER" in error_of(start("migrate", **settings))


async def test_dry_run_of_one_server_prints_its_tables(start: Run, tmp_path: Path) -> None:
    with start_servers(tmp_path / "cluster") as ports:
        printed = stdout_of(start("migrate", "--dry-run", **settings_of(ports[0], None)))
        assert all(f"{statement};\n" in printed for statement in statements(PLACES["one_server"]))


async def test_missing_distributed_ddl_is_reported(start: Run, tmp_path: Path) -> None:
    with start_servers(tmp_path / "cluster") as ports:
        error = error_of(start("migrate", **settings_of(ports[0])))
    assert "ClickHouse error 392" in error
    assert "distributed_ddl" in error


async def test_gateway_reads_all_shards_after_migrate(start: Run, tmp_path: Path) -> None:
    with start_servers(tmp_path / "empty") as ports:
        stdout_of(start("project", "create", "P", **settings_of(ports[0])))
        error = error_of(start("load", "--project", "1", __file__, "--format", "jsonl", **settings_of(ports[0])))
        assert "not up to date" in error
        assert "trendgate migrate" in error
    async with migrated_cluster(tmp_path / "cluster") as cluster:
        (host,) = cluster.servers[1]._address.hosts
        settings = settings_of(host.port)
        stdout_of(start("member", "add", "me@example.com", "--level", "owner", **settings))
        made = stdout_of(
            start("key", "create", "--member", "me@example.com", "--label", "l", "--scope", "*", **settings)
        )
        key = next(word for word in made.split() if word.startswith("phx_"))
        seeds = EventSeeds(cluster, TrendProject(1, ZoneInfo("UTC")))
        await seeds.add_events([Event("sign up", "2020-01-10", person) for person in range(1, 21)])
        with serve(tmp_path / "data", **settings) as (_, address):
            query = (
                '{ project(id: "1") { trend(query: { events: [{ event: "sign up" }], dateFrom: "2020-01-10", '
                'dateTo: "2020-01-10" }) { series { data } } } }'
            )
            answer = httpx2.post(
                f"{address}/graphql", json={"query": query}, headers={"Authorization": f"Bearer {key}"}
            )
            assert answer.json() == {"data": {"project": {"trend": {"series": [{"data": [20.0]}]}}}}


@pytest.mark.parametrize(
    ("words", "settings", "reason"),
    [
        (("migrate", "--cluster", "a"), {"TRENDGATE_CLICKHOUSE_CLUSTER": "b"}, "conflicts with TRENDGATE_"),
        (("migrate", "--cluster", "a"), {}, "needs a ClickHouse server"),
        (("serve",), {"TRENDGATE_CLICKHOUSE_CLUSTER": "a"}, "needs a ClickHouse server"),
        (("migrate", "--dry-run"), {}, "--dry-run requires a ClickHouse server"),
    ],
)
def test_conflicting_settings_are_rejected(
    run: Run, words: tuple[str, ...], settings: dict[str, str], reason: str
) -> None:
    assert reason in error_of(run(*words, **settings))
