from datetime import UTC, datetime

import pyarrow as pa
import pytest

from datasource.clickhouse.engine import Engine
from datasource.clickhouse.native_format import block_from_arrow

MOMENT = datetime(2024, 2, 29, 1, 2, 3, 456789, UTC)
COLUMNS = {
    "small": (pa.array([1, None, -3], pa.int8()), "Nullable(Int8)", [1, None, -3]),
    "big": (pa.array([0, 2**64 - 1, 7], pa.uint64()), "UInt64", [0, 2**64 - 1, 7]),
    "float": (pa.array([1.5, None, float("nan")], pa.float64()), "Nullable(Float64)", [1.5, None, None]),
    "text": (pa.array(["", None, "naïve\0"]), "Nullable(String)", ["", None, "naïve\0"]),
    "long_text": (pa.array(["a" * 300, "b", ""], pa.large_string()), "String", ["a" * 300, "b", ""]),
    "truth": (pa.array([True, None, False]), "Nullable(Bool)", [True, None, False]),
    "moment": (
        pa.array([MOMENT, None, MOMENT], pa.timestamp("us", "UTC")),
        "Nullable(DateTime64(6, 'UTC'))",
        ["2024-02-29 01:02:03.456789", None, "2024-02-29 01:02:03.456789"],
    ),
    "numbers": (pa.array([[1, 2], [], [3]], pa.list_(pa.int32())), "Array(Int32)", [[1, 2], [], [3]]),
    "texts": (pa.array([["a"], ["b", None], []]), "Array(Nullable(String))", [["a"], ["b", None], []]),
    "nothing": (pa.nulls(3), "Nullable(String)", [None, None, None]),
}


@pytest.mark.parametrize("name", COLUMNS)
async def test_arrow_column_is_inserted_unchanged(engine: Engine, name: str) -> None:
    array, kind, values = COLUMNS[name]
    answer = await engine.query(
        "SELECT toTypeName(value) AS kind, value FROM {block}",
        blocks=[block_from_arrow(pa.table({"value": array}))],
    )
    assert answer.columns == ([kind] * 3, values)


async def test_several_chunks_and_blocks_are_all_inserted(engine: Engine) -> None:
    table = pa.concat_tables([pa.table({"n": [1, 2]}), pa.table({"n": [3]}).slice(0, 1)])
    blocks = [block_from_arrow(table), block_from_arrow(table.slice(1))]
    answer = await engine.query(
        "SELECT n FROM {block} WHERE n IN (SELECT n FROM {block} WHERE n > 1) ORDER BY n", blocks=blocks
    )
    assert answer.columns == ([2, 2, 3, 3],)


def test_unsupported_arrow_type_is_rejected() -> None:
    with pytest.raises(TypeError, match="duration"):
        block_from_arrow(pa.table({"x": pa.array([1], pa.duration("s"))}))
