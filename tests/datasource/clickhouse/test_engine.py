"""What every engine guarantees: values in and out, limits, cancelling. `--clickhouse native` tests servers."""

import asyncio
import threading

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine, Identifier, Limits, Progress, QueryResult, QueueStatus
from datasource.clickhouse.errors import ClickHouseError
from errors import GatewayError
from tests.datasource.clickhouse.queued_engines import until

TEXTS = (
    "",
    "o'k",
    'say "hi"',
    "back\\slash",
    "\\",
    "\\\\N",
    "\\N",
    "NULL",
    "line\nbreak",
    "tab\tand\rreturn",
    "nul\0byte",
    "\b\f\v\x1b\x7f",
    "naïve 😀 \u2028",
    "{x:String}",
    "'; DROP TABLE events; --",
    "`tick`",
    "[1, 'a']",
    " blank ",
    "$1 %s %(x)s ?",
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@pytest.mark.parametrize("text", TEXTS)
async def test_string_parameter_round_trips(engine: Engine, text: str) -> None:
    answer = await engine.query("SELECT {x:String} AS x, {y:Nullable(String)} AS y", {"x": text, "y": text})
    assert answer.columns == ([text], [text])


@pytest.mark.parametrize("text", TEXTS)
async def test_array_of_strings_round_trips(engine: Engine, text: str) -> None:
    values = [text, "x", text]
    answer = await engine.query("SELECT {x:Array(String)} AS x, length({x:Array(String)}) AS n", {"x": values})
    assert answer.columns == ([values], [3])


@settings(max_examples=60, deadline=None)
@given(text=TEXT, texts=st.lists(TEXT, max_size=4))
async def test_any_string_round_trips(engine: Engine, text: str, texts: list[str]) -> None:
    answer = await engine.query("SELECT {x:String} AS x, {y:Array(String)} AS y", {"x": text, "y": texts})
    assert answer.columns == ([text], [texts])


@settings(max_examples=60, deadline=None)
@given(name=TEXT.filter(bool))
async def test_any_string_is_a_valid_identifier(engine: Engine, name: str) -> None:
    quoted = "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
    text = "SELECT {name:Identifier} AS v FROM (SELECT 7 AS ?)".replace("?", quoted)
    answer = await engine.query(text, {"name": Identifier(name)})
    assert answer.columns == ([7],)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("UInt32", 0),
        ("Int64", -(2**63)),
        ("UInt64", 2**64 - 1),
        ("Float64", 1.5),
        ("Float64", -1e300),
        ("Float64", 5e-324),
        ("Nullable(String)", None),
        ("Nullable(Float64)", None),
        ("Array(Int64)", [-1, 2**63 - 1]),
        ("Array(Float64)", [0.1, 1e20]),
        ("Array(String)", []),
        ("UInt8", True),
        ("Array(UInt8)", [True, False]),
    ],
)
async def test_parameter_of_each_type_round_trips(
    engine: Engine, kind: str, value: str | float | list[float] | None
) -> None:
    answer = await engine.query(f"SELECT {{x:{kind}}} AS x", {"x": value})
    assert answer.columns == ([value],)


async def test_nan_and_infinity_become_none(engine: Engine) -> None:
    answer = await engine.query(
        "SELECT {x:Float64} AS a, {y:Float64} AS b, -inf AS c, [nan, 1.5] AS d",
        {"x": float("nan"), "y": float("inf")},
    )
    assert list(answer.rows()) == [(None, None, None, [None, 1.5])]


async def test_invalid_utf8_is_replaced(engine: Engine) -> None:
    answer = await engine.query("SELECT unhex('41FF42') AS a, unhex('C3') AS b, 'ok' AS c")
    assert list(answer.rows()) == [("A\N{REPLACEMENT CHARACTER}B", "\N{REPLACEMENT CHARACTER}", "ok")]


async def test_empty_result_has_column_names(engine: Engine) -> None:
    answer = await engine.query("SELECT 1 AS a, 'x' AS b WHERE 0")
    assert (answer.names, answer.columns, answer.row_count) == (("a", "b"), ([], []), 0)


async def test_result_reports_what_was_read(engine: Engine) -> None:
    answer = await engine.query("SELECT sum(number) AS s FROM numbers(1000)")
    assert (answer.rows_read, answer.bytes_read) == (1000, 8000)
    assert answer.elapsed_s > 0


@pytest.mark.parametrize(
    ("text", "limits", "code", "details"),
    [
        (
            "SELECT sum(number) FROM numbers(5000000)",
            Limits(rows_to_read=1_234_567),
            "QUERY_TOO_EXPENSIVE",
            (1_234_567, 5_000_000, "rows"),
        ),
        (
            "SELECT number FROM numbers(101)",
            Limits(result_rows=100),
            "QUERY_TOO_EXPENSIVE",
            (100, 101, "rows"),
        ),
        (
            "SELECT groupArray(number) FROM numbers(2000)",
            Limits(result_bytes=8_192),
            "QUERY_TOO_EXPENSIVE",
            (8_192, None, "bytes"),
        ),
        (
            "SELECT groupArray(number) FROM numbers(9000000)",
            Limits(memory_bytes=8 * 1024**2),
            "QUERY_TOO_EXPENSIVE",
            (8 * 1024**2, None, "bytes"),
        ),
        (
            "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)",
            Limits(seconds=0.2, rows_to_read=10**13),
            "TIMEOUT",
            (0.2, None, "seconds"),
        ),
    ],
)
async def test_query_beyond_a_limit_is_rejected_with_numbers(
    engine: Engine, text: str, limits: Limits, code: str, details: tuple[float, float | None, str]
) -> None:
    with pytest.raises(GatewayError) as raised:
        await engine.query(text, limits=limits)
    assert raised.value.code == code
    limit, actual, unit = details
    found = raised.value.details
    assert (found["limit"], found["unit"]) == (limit, unit)
    assert isinstance(found["actual"], int | float)
    assert found["actual"] == actual if actual is not None else found["actual"] > limit
    assert raised.value.hint
    assert "SELECT" not in f"{raised.value.message} {raised.value.hint} {raised.value.details}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT number FROM numbers(99999) WHERE match(toString(number), '(')", "BAD_USER_INPUT"),
        ("SELECT intDiv(number, 0) AS x FROM numbers(9)", "BAD_USER_INPUT"),
        ("SELECT x FROM nowhere", "UPSTREAM_UNAVAILABLE"),
        ("SELECT x FROM nowhere.at_all", "UPSTREAM_UNAVAILABLE"),
        (f"SELECT {'(' * 1500}1{')' * 1500} AS x", "QUERY_TOO_EXPENSIVE"),
    ],
)
async def test_known_error_has_a_code_and_quotes_nothing(engine: Engine, text: str, code: str) -> None:
    with pytest.raises(GatewayError) as raised:
        await engine.query(text)
    assert raised.value.code == code
    assert raised.value.hint
    assert "nowhere" not in f"{raised.value.message} {raised.value.hint} {raised.value.details}"


async def test_query_at_its_limit_succeeds(engine: Engine) -> None:
    answer = await engine.query(
        "SELECT number FROM numbers(100)", limits=Limits(rows_to_read=100, result_rows=100)
    )
    assert answer.row_count == 100


@pytest.mark.parametrize(
    "text",
    [
        "DROP TABLE events",
        "TRUNCATE TABLE events",
        "ALTER TABLE events DELETE WHERE 1",
        "CREATE TABLE mine (x UInt8) ENGINE = Memory",
        "INSERT INTO events (event) SELECT 'x'",
    ],
)
async def test_query_that_writes_is_rejected(engine: Engine, text: str) -> None:
    with pytest.raises(GatewayError, match="allows the gateway only to read"):
        await engine.query(text)


async def test_queries_run_at_the_same_time(engine: Engine) -> None:
    tasks = [asyncio.create_task(engine.query(ENDLESS, limits=WIDE)) for _ in range(3)]
    await until_running(engine, 3)
    await cancel(*tasks)


async def test_more_queries_than_sessions_all_succeed(engine: Engine) -> None:
    answers = await asyncio.gather(*(engine.query("SELECT {n:UInt32} AS n", {"n": n}) for n in range(40)))
    assert [answer.columns for answer in answers] == [([n],) for n in range(40)]


async def test_insert_writes_the_batch_with_parameters(engine: Engine) -> None:
    await engine.command("CREATE TABLE inserted (n Int64, t Nullable(String), p String) ENGINE = Memory")
    batch = pa.table({"n": [1, 2, 3], "t": pa.array([*TEXTS[1:3], None], pa.string())})
    await engine.insert("INSERT INTO inserted SELECT n, t, {p:String} FROM {batch}", batch, {"p": TEXTS[3]})
    answer = await engine.query("SELECT n, t, p FROM inserted ORDER BY n")
    await engine.command("DROP TABLE inserted")
    assert answer.columns == ([1, 2, 3], [*TEXTS[1:3], None], [TEXTS[3]] * 3)


ENDLESS = "SELECT sum(sipHash64(number)) AS s FROM numbers(1000000000000)"
WIDE = Limits(seconds=600, rows_to_read=10**15)


async def running(engine: Engine) -> list[object]:
    answer = await engine.query("SELECT query FROM system.processes WHERE query LIKE '%sipHash64(number)%'")
    return [text for text in answer.columns[0] if "system.processes" not in str(text)]


async def until_running(engine: Engine, queries: int) -> None:
    async with asyncio.timeout(60):
        while len(await running(engine)) != queries:  # noqa: ASYNC110 - ClickHouse has no event for it
            await asyncio.sleep(0.01)


async def cancel(*tasks: asyncio.Task[QueryResult]) -> None:
    for task in tasks:
        task.cancel()
    async with asyncio.timeout(60):
        await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks)


async def test_cancelled_query_ends_in_clickhouse(engine: Engine) -> None:
    task = asyncio.create_task(engine.query(ENDLESS, limits=WIDE))
    await until_running(engine, 1)
    await cancel(task)
    assert await running(engine) == []


@pytest.mark.parametrize("after_s", [0, 0.001, 0.01, 0.05])
async def test_cancelled_queries_leave_nothing_for_the_next_ones(engine: Engine, after_s: float) -> None:
    text = "SELECT number AS secret, sipHash64(number) AS h FROM numbers(49000)"
    tasks = [asyncio.create_task(engine.query(text)) for _ in range(8)]
    await asyncio.sleep(after_s)
    for each in tasks:
        each.cancel()
    await asyncio.wait(tasks)
    answers = await asyncio.gather(*(engine.query("SELECT 1 AS mine") for _ in range(8)))
    assert [(answer.names, answer.columns) for answer in answers] == [(("mine",), ([1],))] * 8


async def test_cancelled_query_in_the_queue_never_runs(engine: Engine) -> None:
    busy = [asyncio.create_task(engine.query(ENDLESS, limits=WIDE)) for _ in range(4)]
    await until(engine, running=4, waiting=0)
    waiting = asyncio.create_task(engine.query("SELECT 1 AS x"))
    await until(engine, running=4, waiting=1)
    await cancel(waiting)  # while all four places are taken
    assert engine.queue_status == QueueStatus(running=4, waiting=0)
    await cancel(*busy)


async def test_cancelled_command_ends_in_clickhouse(engine: Engine) -> None:
    await engine.command("CREATE TABLE sums (s UInt64) ENGINE = Memory")
    task = asyncio.create_task(engine.command(f"INSERT INTO sums {ENDLESS}"))
    await until_running(engine, 1)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert await running(engine) == []
    assert (await engine.query("SELECT count() AS n FROM sums")).columns == ([0],)
    await engine.command("DROP TABLE sums")


async def test_ping_of_an_open_engine_succeeds(engine: Engine) -> None:
    await engine.ping()


LONG = "SELECT sum(sipHash64(number)) AS s FROM numbers({n:UInt64})"


async def test_progress_of_a_running_query_grows(engine: Engine) -> None:
    received: list[Progress] = []
    threads: set[int] = set()
    is_enough = asyncio.Event()

    def listen(progress: Progress) -> None:
        received.append(progress)
        threads.add(threading.get_ident())
        if len(received) == 3:
            is_enough.set()

    task = asyncio.create_task(engine.query(ENDLESS, limits=WIDE, on_progress=listen))
    async with asyncio.timeout(60):
        await is_enough.wait()
    await cancel(task)
    assert received == sorted(received, key=lambda each: (each.rows_read, each.bytes_read))
    assert received[0].rows_read < received[-1].rows_read
    assert received[-1].total_rows == 10**12
    assert received[-1].bytes_read == 8 * received[-1].rows_read
    assert threads == {threading.get_ident()}


async def test_progress_of_a_finished_query_is_at_most_its_total(engine: Engine) -> None:
    received: list[Progress] = []
    answer = await engine.query(LONG, {"n": 20_000_000}, limits=WIDE, on_progress=received.append)
    assert answer.rows_read == 20_000_000
    assert all(each.rows_read <= 20_000_000 for each in received)
    assert {each.total_rows for each in received} <= {None, 20_000_000}


async def test_progress_is_reported_to_its_own_query_only(engine: Engine) -> None:
    received: list[Progress] = []
    tasks = [engine.query(LONG, {"n": 20_000_000}, limits=WIDE) for _ in range(4)]
    await asyncio.gather(*tasks, engine.query("SELECT 1 AS x", on_progress=received.append))
    for _ in range(5):  # no session or connection keeps the listener
        await asyncio.gather(*(engine.query("SELECT 1 AS x") for _ in range(8)))
    assert max((each.rows_read for each in received), default=0) <= 1


async def test_progress_of_a_failed_query_is_its_own(engine: Engine) -> None:
    received: list[Progress] = []
    text = f"{LONG} HAVING throwIf(s > 0) = 0"
    with pytest.raises(ClickHouseError):
        await engine.query(text, {"n": 20_000_000}, limits=WIDE, on_progress=received.append)
    await asyncio.sleep(0)
    assert {each.total_rows for each in received} <= {None, 20_000_000}
    assert received == sorted(received, key=lambda each: each.rows_read)


async def test_cancelled_query_with_a_listener_ends_in_clickhouse(engine: Engine) -> None:
    received = asyncio.Event()
    task = asyncio.create_task(engine.query(ENDLESS, limits=WIDE, on_progress=lambda _: received.set()))
    await asyncio.wait_for(received.wait(), 60)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert await running(engine) == []
