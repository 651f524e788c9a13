"""A server returns the same values as the embedded ClickHouse, for every type that the gateway reads."""

from collections.abc import AsyncIterator

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.errors import Unsupported
from datasource.clickhouse.native_engine import NativeEngine
from tests.datasource.clickhouse.native_servers import open_native, serving
from tests.support.native_server import Backend

EXPRESSIONS = {
    "integers": "toUInt8(255), toInt8(-128), toUInt16(65535), toInt32(-2147483648), "
    "toUInt64(18446744073709551615), toInt64('-9223372036854775808')",
    "floats": "1.5, 3.0, -0.0, 1e15, 1e20, 1e21, 1e22, 123456789012345678., 9007199254740993., 5e-324, 0.1 + 0.2, "
    "nan, inf, -inf",
    "strings": "'', 'naïve 😀', '\\0\\t', unhex('41FF42'), unhex('C328'), unhex('F09F98'), unhex('FFEFBFBDFF')",
    "booleans and nulls": "true, false, NULL, toNullable(1), CAST(NULL, 'Nullable(String)')",
    "times": "toDateTime('2024-07-01 10:00:00', 'UTC'), toDateTime(0, 'Asia/Kathmandu'), toDateTime(1711846800), "
    "toDateTime(1730592000 + 3600, 'America/New_York'), toDateTime64('2020-01-01 01:02:03.123456789', 9, 'UTC'), "
    "toDateTime64('1960-01-01 01:02:03.1234', 4, 'Asia/Tokyo'), toDateTime64('2020-01-01', 0, 'UTC')",
    "UUIDs": "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0'), toUUID('00000000-0000-0000-0000-000000000000')",
    "arrays": "[1, 2], emptyArrayString(), [NULL, 1.5, nan], [[1], [], [2, 3]], ['a', unhex('FF')], "
    "[toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')], []",
    "tuples": "tuple(1, 'x', NULL), tuple(1), [(1, [(2, 'x')])], tuple([1.0, 2.5], toDateTime64(0, 3, 'UTC'))",
    "low cardinality": "toLowCardinality('x'), toLowCardinality(toNullable('x')), "
    "CAST(NULL, 'LowCardinality(Nullable(String))'), [toLowCardinality('a'), toLowCardinality('a')], "
    "toLowCardinality(unhex('FF'))",
}

TABLE = """
CREATE TABLE every_type
(
    n UInt64, i8 Int8, u32 Nullable(UInt32), f Float64, t String, nt Nullable(String), lc LowCardinality(String),
    b Bool, at DateTime('Europe/Berlin'), at6 DateTime64(6, 'UTC'), nat Nullable(DateTime64(3)), id UUID,
    a Array(Nullable(Int32)), aa Array(Array(String)), tu Tuple(Int8, Array(Float64))
)
ENGINE = MergeTree ORDER BY n
"""
ROWS = """
INSERT INTO every_type
SELECT
    number, number % 100 - 50, if(number % 3 = 0, NULL, number), number / 7 - 100,
    concat('t', toString(number), char(200 + number % 55)), if(number % 2 = 0, NULL, 'x'),
    toString(number % 7), number % 2, toDateTime(number * 40000), toDateTime64(number * 1000.123456, 6, 'UTC'),
    if(number % 6 = 0, NULL, toDateTime64(number, 3)), reinterpret(sipHash128(number), 'UUID'),
    arrayMap(x -> if(x % 2 = 0, NULL, x), range(number % 5)),
    arrayMap(x -> arrayMap(y -> toString(y), range(x)), range(number % 4)),
    (number % 100, [number / 2, nan])
FROM numbers(2000)
"""


@pytest.fixture(scope="module")
async def native(backend: Backend) -> AsyncIterator[NativeEngine]:
    with serving(backend) as server:
        async with open_native(server) as engine:
            yield engine


@pytest.mark.parametrize("expressions", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
async def test_server_returns_the_values_of_the_embedded_engine(
    embedded: EmbeddedEngine, native: NativeEngine, expressions: str
) -> None:
    text = f"SELECT {expressions}"
    expected, result = await embedded.query(text), await native.query(text)
    assert result.names == expected.names
    assert repr(result.columns) == repr(expected.columns)  # 1, 1.0 and True are equal, but not the same


async def test_table_of_every_type_reads_the_same(embedded: EmbeddedEngine, native: NativeEngine) -> None:
    await native.command(TABLE)
    await native.command(ROWS)
    for text in (
        "SELECT * FROM every_type ORDER BY n",
        "SELECT * FROM every_type WHERE 0",
        "SELECT lc, groupArray(t) AS ts, avg(f) AS m, max(at) AS last FROM every_type GROUP BY lc ORDER BY lc",
    ):
        expected, result = await embedded.query(text), await native.query(text)
        assert result.names == expected.names
        for name, column, expected_column in zip(result.names, result.columns, expected.columns, strict=True):
            assert repr(column) == repr(expected_column), name
        assert (result.rows_read, result.bytes_read) == (expected.rows_read, expected.bytes_read)
    await native.command("DROP TABLE every_type")


@pytest.mark.parametrize(
    ("expression", "type_name"),
    [
        ("toDecimal32('1.5', 1)", "Decimal(9, 1)"),
        ("map('a', 1)", "Map(String, UInt8)"),
        ("[toDate('2020-01-01')]", "Date"),
        ("CAST((1, 'x'), 'Tuple(a UInt8, b String)')", "a UInt8"),
    ],
)
async def test_type_that_no_statement_returns_is_unsupported(
    native: NativeEngine, expression: str, type_name: str
) -> None:
    with pytest.raises(Unsupported) as raised:
        await native.query(f"SELECT {expression} AS x")
    assert str(raised.value) == f"Unsupported column type {type_name}"
    assert (await native.query("SELECT 1 AS x")).columns == ([1],)


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=12))
async def test_invalid_utf8_reads_the_same(embedded: EmbeddedEngine, native: NativeEngine, data: bytes) -> None:
    text, params = "SELECT unhex({x:String}) AS x", {"x": data.hex()}
    assert (await native.query(text, params)).columns == (await embedded.query(text, params)).columns


@settings(max_examples=100, deadline=None)
@given(number=st.floats(allow_nan=False, allow_infinity=False))
async def test_floats_read_the_same(embedded: EmbeddedEngine, native: NativeEngine, number: float) -> None:
    text, params = "SELECT {x:Float64} AS x", {"x": number}
    assert repr((await native.query(text, params)).columns) == repr((await embedded.query(text, params)).columns)


async def test_result_of_many_blocks_is_complete(native: NativeEngine) -> None:
    result = await native.query(
        "SELECT number AS n, toString(number) AS t FROM numbers(40000) SETTINGS max_block_size = 1000"
    )
    assert result.columns == (list(range(40000)), [str(number) for number in range(40000)])


@pytest.mark.parametrize(("compression", "method"), [("lz4", 0x82), ("zstd", 0x90)])
async def test_compressed_blocks_are_the_same(backend: Backend, compression: str, method: int) -> None:
    text = "SELECT number AS n, toString(number) AS t FROM numbers(20000)"
    batch = pa.table({"n": range(5000), "t": [f"text {n}" for n in range(5000)]})
    with serving(backend, compression=method) as server:
        async with open_native(server, options=f"?compression={compression}") as engine:
            result = await engine.query(text)
            await engine.command("CREATE TABLE packed (n Int64, t String) ENGINE = Memory")
            await engine.insert("INSERT INTO packed SELECT n, t FROM {batch}", batch)
            stored = await engine.query("SELECT n, t FROM packed ORDER BY n")
            await engine.command("DROP TABLE packed")
    assert result.columns == (list(range(20000)), [str(number) for number in range(20000)])
    assert stored.columns == (batch["n"].to_pylist(), batch["t"].to_pylist())
