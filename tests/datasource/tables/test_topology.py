"""The statements that create tables on a cluster: as SQL, and as ClickHouse parses them."""

import re
from pathlib import Path

import pytest

from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.tables.ddl import CreateTable
from datasource.tables.migrate import cluster_topology
from datasource.tables.steps import STEPS, VERSIONS
from datasource.tables.topology import SingleServer, Topology

GOLDEN = Path(__file__).parent / "golden"
PLACES: dict[str, Topology] = {"one_server": SingleServer(), "cluster": cluster_topology("main", "trendgate")}
TABLES = [change for step in STEPS for change in step.changes if isinstance(change, CreateTable)]


def statements(place: Topology) -> list[str]:
    changes = [VERSIONS, *(change for step in STEPS for change in step.changes)]
    return [statement for change in changes for statement in place.statements(change)]


@pytest.mark.parametrize("name", PLACES)
def test_statements_are_those_of_the_golden_file(name: str, update_golden: bool) -> None:
    text = "".join(f"{statement};\n\n" for statement in statements(PLACES[name]))
    file = GOLDEN / f"{name}.sql"
    if update_golden:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("name", PLACES)
async def test_clickhouse_reads_every_statement(name: str, embedded: EmbeddedEngine) -> None:
    for statement in (*statements(PLACES[name]), PLACES[name].delete("events_by_hour", "project_id = 1")):
        answer = await embedded.query("SELECT formatQuery({text:String}) AS text", {"text": statement})
        assert ("ON CLUSTER main" in str(answer.columns[0][0])) == ("ON CLUSTER" in statement)


def test_only_events_and_their_rollup_are_spread_over_shards() -> None:
    assert cluster_topology("main", "trendgate").sharded == {"events", "events_by_hour"}


def test_replicas_of_a_shard_share_its_part_and_all_servers_share_the_rest() -> None:
    created = "\n".join(statements(PLACES["cluster"]))
    paths = dict(re.findall(r"Replicated\w+\('/clickhouse/tables/(\S+)', '(\S+)'", created))
    spread = {"{shard}/trendgate/events_local", "{shard}/trendgate/events_by_hour_local"}
    assert {path for path, replica in paths.items() if replica == "{replica}"} == spread
    everywhere = {f"all/trendgate/{table.name}" for table in (*TABLES, VERSIONS) if not table.shard_by}
    assert {path for path, replica in paths.items() if replica == "{shard}-{replica}"} == everywhere


def test_names_that_quote_stay_names() -> None:
    text = "\n".join(statements(cluster_topology("it's", "a\\b")))
    assert "ON CLUSTER 'it\\'s'" in text
    assert "Distributed('it\\'s', 'a\\\\b', 'events_local'" in text


def test_rows_are_deleted_where_they_are() -> None:
    place = cluster_topology("main", "trendgate")
    assert (
        place.delete("events_by_hour", "x") == "ALTER TABLE events_by_hour_local ON CLUSTER 'main' DELETE WHERE x"
    )
    assert place.delete("groups", "x") == "ALTER TABLE groups ON CLUSTER 'main' DELETE WHERE x"
    assert SingleServer().delete("events_by_hour", "x") == "ALTER TABLE events_by_hour DELETE WHERE x"
