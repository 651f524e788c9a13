"""The SQL blocks of docs/scaling.md run, and the settings and tables that it names are complete."""

import re
from pathlib import Path

import pytest

from datasource.clickhouse.address import ServerAddress
from datasource.clickhouse.cluster_settings import READING, WRITING
from datasource.clickhouse.native_engine import NativeEngine
from datasource.tables.migrate import migrate
from datasource.tables.property_tables import PROPERTY_TABLES
from tests.datasource.loader.load_files import Loader, event
from tests.support.cluster_servers import CLUSTER, ClusterEngine, start_servers

PAGE = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text()
TABLES = (
    "events",
    "persons",
    "person_distinct_ids",
    "person_merges",
    "groups",
    "events_by_hour",
    "event_properties",
)


def statements(first_word: str) -> list[str]:
    """Return the statements of the SQL block that begins with these words, without comments."""
    (block,) = [text for text in re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL) if text.startswith(first_word)]
    lines = [line for line in block.splitlines() if not line.startswith("--")]
    return [each.strip() for each in "\n".join(lines).split(";") if each.strip()]


async def count_rows(engine: NativeEngine | ClusterEngine, table: str) -> object:
    count = {"events_by_hour": "sum(events)", "event_properties": "sum(events)"}.get(table, "count()")
    return (await engine.query(f"SELECT {count} AS n FROM {table}")).columns[0][0]  # noqa: S608 - constants


@pytest.mark.slow
@pytest.mark.parametrize("method", ["copied", "attached"])
async def test_tables_of_one_server_move_to_a_cluster(method: str, tmp_path: Path) -> None:
    with start_servers(tmp_path / "cluster") as ports:
        first = NativeEngine.open(ServerAddress.parse(f"clickhouse://127.0.0.1:{ports[0]}"))
        second = NativeEngine.open(ServerAddress.parse(f"clickhouse://127.0.0.1:{ports[1]}"))
        for each in (first, second):
            await each.command("CREATE DATABASE trendgate")
            await each.command("CREATE DATABASE trendgate_cluster")
        old = NativeEngine.open(ServerAddress.parse(f"clickhouse://127.0.0.1:{ports[0]}/trendgate"))
        await migrate(old)
        loader = Loader(old, 1, tmp_path)
        people = [{"distinct_ids": [f"d{n}", f"e{n}"], "properties": {"n": n}} for n in range(20)]
        await loader.load_rows(*people)
        rows = [
            event(distinct_id=f"d{n}", timestamp="2024-01-05T10:00:00Z", properties={"a": n}) for n in range(20)
        ]
        await loader.load_rows(*rows)
        await loader.load_rows({"group_type": "company", "group_key": "acme", "properties": {"a": 1}})

        addresses = [ServerAddress.parse(f"clickhouse://127.0.0.1:{port}/trendgate_cluster") for port in ports]
        new = ClusterEngine([NativeEngine.open(address, cluster=CLUSTER) for address in addresses])
        await migrate(new)
        settings, *copies = statements("SET ")
        # Without Keeper, each server copies on its own.
        for table in re.findall(r"FROM trendgate\.(\w+)", "\n".join(copies)):
            whole = f"remote('127.0.0.1:{ports[0]}', trendgate, {table})"
            await second.command(f"CREATE TABLE trendgate.{table} AS {whole}")
        if method == "attached":
            copies = [each for each in copies if not each.startswith("INSERT INTO events ")]
            copies += statements("ALTER TABLE events_local")
        for statement in copies:
            suffix = settings.replace("SET", " SETTINGS") if statement.startswith("INSERT") else ""
            await new.command(statement + suffix)
        for table in TABLES:
            assert await count_rows(new, table) == await count_rows(old, table), table
        again = Loader(new, 1, tmp_path)
        assert (await again.load_rows(*rows)).already_stored == 20
        for engine in (first, second, old, new):
            await engine.close()


def test_page_lists_every_setting_of_queries_and_loads() -> None:
    for name in (*READING, "distributed_foreground_insert", "insert_quorum"):
        assert f"`{name} = " in PAGE
    assert WRITING["insert_quorum"] == "auto"


def test_page_copies_every_property_table() -> None:
    for change in PROPERTY_TABLES[:3]:
        assert f"INSERT INTO {getattr(change, 'name')} SELECT * FROM" in PAGE  # noqa: B009 - all three are tables
