import os
from pathlib import Path

import pytest

from datasource.clickhouse.machine_memory import default_query_memory, machine_memory
from datasource.clickhouse.open_engine import query_limits, total_query_memory
from settings import Settings

GIB = 1024**3
PHYSICAL = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, PHYSICAL),
        ({"memory.max": "max\n"}, PHYSICAL),
        ({"memory.max": "1073741824\n"}, GIB),
        ({"memory.max": str(2**62)}, PHYSICAL),
        ({"memory/memory.limit_in_bytes": "536870912"}, GIB // 2),
        ({"memory.max": "max", "box/one/memory.max": "1073741824"}, GIB),
        ({"memory/box/one/memory.limit_in_bytes": "1073741824", "memory/memory.limit_in_bytes": str(2**60)}, GIB),
    ],
)
def test_memory_is_that_of_the_machine_or_the_container(
    tmp_path: Path, files: dict[str, str], expected: int
) -> None:
    groups = tmp_path / "cgroup"
    groups.write_text("4:memory:/box/one\n0::/box/one\n")
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert machine_memory(groups, tmp_path) == expected


def test_memory_without_control_groups_is_that_of_the_machine(tmp_path: Path) -> None:
    assert machine_memory(tmp_path / "missing", tmp_path / "missing") == PHYSICAL


@pytest.mark.parametrize(
    ("memory", "queries"), [(16 * GIB, 8 * GIB), (GIB, 384 * 1024**2), (GIB // 2, 256 * 1024**2)]
)
def test_queries_may_use_half_of_it_and_leave_room_for_the_gateway(memory: int, queries: int) -> None:
    assert default_query_memory(memory) == queries


def test_total_is_a_limit_of_every_query() -> None:
    limits = query_limits(Settings(query_total_memory=GIB, query_max_memory=4 * GIB))
    assert (limits.memory_bytes, limits.total_memory_bytes) == (GIB, GIB)
    assert limits.as_settings()["max_memory_usage_for_user"] == GIB


def test_server_keeps_its_own_limit_unless_there_is_a_setting() -> None:
    server = {"clickhouse_url": "clickhouse://host"}
    assert total_query_memory(Settings.model_validate(server)) is None
    assert "max_memory_usage_for_user" not in query_limits(Settings.model_validate(server)).as_settings()
    assert total_query_memory(Settings.model_validate({**server, "query_total_memory": GIB})) == GIB
    assert total_query_memory(Settings()) == default_query_memory(machine_memory())
