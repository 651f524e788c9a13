"""What any engine promises: values in and out, limits, cancelling; run with `--clickhouse native` for a server."""

import asyncio
import threading
import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine, Identifier, Limits, Progress
from datasource.clickhouse.errors import ClickHouseError
from errors import GatewayError

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
async def test_query_text_parameter_comes_back_as_it_was(engine: Engine, text: str) -> None:
    answer = await engine.query("SELECT {x:String} AS x, {y:Nullable(String)} AS y", {"x": text, "y": text})
    assert answer.columns == ([text], [text])


@pytest.mark.parametrize("text", TEXTS)
async def test_query_list_of_texts_comes_back_as_it_was(engine: Engine, text: str) -> None:
    values = [text, "x", text]
    answer = await engine.query("SELECT {x:Array(String)} AS x, length({x:Array(String)}) AS n", {"x": values})
    assert answer.columns == ([values], [3])


@settings(max_examples=60, deadline=None)
@given(text=TEXT, texts=st.lists(TEXT, max_size=4))
async def test_query_any_text_comes_back_as_it_was(engine: Engine, text: str, texts: list[str]) -> None:
    answer = await engine.query("SELECT {x:String} AS x, {y:Array(String)} AS y", {"x": text, "y": texts})
    assert answer.columns == ([text], [texts])


@settings(max_examples=60, deadline=None)
@given(name=TEXT.filter(bool))
async def test_query_identifier_of_any_text_is_one_name(engine: Engine, name: str) -> None:
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
async def test_query_value_of_each_type_comes_back_equal(
    engine: Engine, kind: str, value: str | float | list[float] | None
) -> None:
    answer = await engine.query(f"SELECT {{x:{kind}}} AS x", {"x": value})
    assert answer.columns == ([value],)


async def test_query_nan_and_infinity_arrive_as_none(engine: Engine) -> None:
    answer = await engine.query(
        "SELECT {x:Float64} AS a, {y:Float64} AS b, -inf AS c, [nan, 1.5] AS d",
        {"x": float("nan"), "y": float("inf")},
    )
    assert list(answer.rows()) == [(None, None, None, [None, 1.5])]


async def test_query_invalid_utf8_does_not_break_the_answer(engine: Engine) -> None:
    answer = await engine.query("SELECT unhex('41FF42') AS a, unhex('C3') AS b, 'ok' AS c")
    assert list(answer.rows()) == [("A\N{REPLACEMENT CHARACTER}B", "\N{REPLACEMENT CHARACTER}", "ok")]


async def test_query_without_rows_still_names_its_columns(engine: Engine) -> None:
    answer = await engine.query("SELECT 1 AS a, 'x' AS b WHERE 0")
    assert (answer.names, answer.columns, answer.row_count) == (("a", "b"), ([], []), 0)


async def test_query_tells_what_was_read(engine: Engine) -> None:
    answer = await engine.query("SELECT sum(number) AS s FROM numbers(1000)")
    assert (answer.rows_read, answer.bytes_read) == (1000, 8000)
    assert answer.elapsed_s > 0


@pytest.mark.parametrize(
    ("text", "limits", "code", "figures"),
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
async def test_query_beyond_a_limit_is_refused_with_figures(
    engine: Engine, text: str, limits: Limits, code: str, figures: tuple[float, float | None, str]
) -> None:
    with pytest.raises(GatewayError) as refused:
        await engine.query(text, limits=limits)
    assert refused.value.code == code
    limit, actual, unit = figures
    told = refused.value.details
    assert (told["limit"], told["unit"]) == (limit, unit)
    assert isinstance(told["actual"], int | float)
    assert told["actual"] == actual if actual is not None else told["actual"] > limit
    assert refused.value.hint
    assert "SELECT" not in f"{refused.value.message} {refused.value.hint} {refused.value.details}"


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
async def test_query_that_clickhouse_refuses_gets_a_code_and_no_text(engine: Engine, text: str, code: str) -> None:
    with pytest.raises(GatewayError) as refused:
        await engine.query(text)
    assert refused.value.code == code
    assert refused.value.hint
    assert "nowhere" not in f"{refused.value.message} {refused.value.hint} {refused.value.details}"


async def test_query_at_its_limit_answers(engine: Engine) -> None:
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
async def test_query_that_writes_is_refused(engine: Engine, text: str) -> None:
    with pytest.raises(GatewayError, match="lets the gateway only read"):
        await engine.query(text)


async def test_queries_run_at_the_same_time(engine: Engine) -> None:
    started = time.perf_counter()
    await asyncio.gather(*(engine.query("SELECT sleep(0.4) AS s") for _ in range(4)))
    assert time.perf_counter() - started < 1.2


async def test_more_queries_than_sessions_all_answer(engine: Engine) -> None:
    answers = await asyncio.gather(*(engine.query("SELECT {n:UInt32} AS n", {"n": n}) for n in range(40)))
    assert [answer.columns for answer in answers] == [([n],) for n in range(40)]


async def test_insert_batch_arrives_with_its_parameters(engine: Engine) -> None:
    await engine.command("CREATE TABLE inserted (n Int64, t Nullable(String), p String) ENGINE = Memory")
    batch = pa.table({"n": [1, 2, 3], "t": pa.array([*TEXTS[1:3], None], pa.string())})
    await engine.insert("INSERT INTO inserted SELECT n, t, {p:String} FROM {batch}", batch, {"p": TEXTS[3]})
    answer = await engine.query("SELECT n, t, p FROM inserted ORDER BY n")
    await engine.command("DROP TABLE inserted")
    assert answer.columns == ([1, 2, 3], [*TEXTS[1:3], None], [TEXTS[3]] * 3)


ENDLESS = "SELECT sum(sipHash64(number)) AS s FROM numbers(1000000000000)"
WIDE = Limits(seconds=60, rows_to_read=10**15)


async def running(engine: Engine) -> list[object]:
    answer = await engine.query("SELECT query FROM system.processes WHERE query LIKE '%sipHash64(number)%'")
    return [text for text in answer.columns[0] if "system.processes" not in str(text)]


async def test_cancelled_query_ends_in_clickhouse(engine: Engine) -> None:
    asked = asyncio.create_task(engine.query(ENDLESS, limits=WIDE))
    await asyncio.sleep(0.3)
    assert len(await running(engine)) == 1
    started = time.perf_counter()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert time.perf_counter() - started < 1
    assert await running(engine) == []


@pytest.mark.parametrize("after_s", [0, 0.001, 0.01, 0.05])
async def test_cancelled_queries_leave_nothing_for_the_next(engine: Engine, after_s: float) -> None:
    text = "SELECT number AS secret, sipHash64(number) AS h FROM numbers(49000)"
    asked = [asyncio.create_task(engine.query(text)) for _ in range(8)]
    await asyncio.sleep(after_s)
    for each in asked:
        each.cancel()
    await asyncio.wait(asked)
    answers = await asyncio.gather(*(engine.query("SELECT 1 AS mine") for _ in range(8)))
    assert [(answer.names, answer.columns) for answer in answers] == [(("mine",), ([1],))] * 8


async def test_cancelled_query_that_waits_for_its_turn_never_runs(engine: Engine) -> None:
    busy = [asyncio.create_task(engine.query("SELECT sleep(0.5) AS s")) for _ in range(4)]
    await asyncio.sleep(0.1)
    waiting = asyncio.create_task(engine.query(ENDLESS, limits=WIDE))
    await asyncio.sleep(0.1)
    started = time.perf_counter()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert time.perf_counter() - started < 0.2
    assert [answer.columns for answer in await asyncio.gather(*busy)] == [([0],)] * 4


async def test_cancelled_command_ends_in_clickhouse(engine: Engine) -> None:
    await engine.command("CREATE TABLE sums (s UInt64) ENGINE = Memory")
    asked = asyncio.create_task(engine.command(f"INSERT INTO sums {ENDLESS}"))
    await asyncio.sleep(0.3)
    asked.cancel()
    await asyncio.wait([asked])
    assert asked.cancelled()
    assert await running(engine) == []
    assert (await engine.query("SELECT count() AS n FROM sums")).columns == ([0],)
    await engine.command("DROP TABLE sums")


async def test_ping_of_an_open_engine_is_silent(engine: Engine) -> None:
    await engine.ping()


LONG = "SELECT sum(sipHash64(number)) AS s FROM numbers({n:UInt64})"


async def test_progress_of_a_long_query_grows_to_what_it_read(engine: Engine) -> None:
    heard: list[Progress] = []
    threads: set[int] = set()

    def listen(progress: Progress) -> None:
        heard.append(progress)
        threads.add(threading.get_ident())

    answer = await engine.query(LONG, {"n": 40_000_000}, limits=WIDE, on_progress=listen)
    assert answer.rows_read == 40_000_000
    assert len(heard) > 1
    assert heard == sorted(heard, key=lambda each: (each.rows_read, each.bytes_read))
    assert heard[0].rows_read < heard[-1].rows_read <= 40_000_000
    assert heard[-1].total_rows == 40_000_000
    assert heard[-1].bytes_read == 8 * heard[-1].rows_read
    assert threads == {threading.get_ident()}


async def test_progress_is_told_to_who_asked_alone(engine: Engine) -> None:
    heard: list[Progress] = []
    asked = [engine.query(LONG, {"n": 20_000_000}, limits=WIDE) for _ in range(4)]
    await asyncio.gather(*asked, engine.query("SELECT 1 AS x", on_progress=heard.append))
    for _ in range(5):  # sessions and connections that were used with a listener forget it
        await asyncio.gather(*(engine.query("SELECT 1 AS x") for _ in range(8)))
    assert max((each.rows_read for each in heard), default=0) <= 1


async def test_progress_of_a_query_that_fails_is_its_own(engine: Engine) -> None:
    heard: list[Progress] = []
    text = f"{LONG} HAVING throwIf(s > 0) = 0"
    with pytest.raises(ClickHouseError):
        await engine.query(text, {"n": 20_000_000}, limits=WIDE, on_progress=heard.append)
    await asyncio.sleep(0)
    assert {each.total_rows for each in heard} <= {None, 20_000_000}
    assert heard == sorted(heard, key=lambda each: each.rows_read)


async def test_cancelled_query_with_a_listener_ends_in_clickhouse(engine: Engine) -> None:
    heard = asyncio.Event()
    asked = asyncio.create_task(engine.query(ENDLESS, limits=WIDE, on_progress=lambda _: heard.set()))
    await asyncio.wait_for(heard.wait(), 10)
    asked.cancel()
    await asyncio.wait([asked])
    assert asked.cancelled()
    assert await running(engine) == []
