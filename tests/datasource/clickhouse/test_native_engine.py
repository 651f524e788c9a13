"""The engine on servers: connections, retries, failover, cancelling and errors."""

import asyncio
import logging
from collections.abc import Callable

import pyarrow as pa
import pytest

from datasource.clickhouse.engine import Limits, QueryResult
from datasource.clickhouse.errors import ClickHouseError
from datasource.clickhouse.failover import COOLDOWN_S
from datasource.clickhouse.fair_queue import QueueLimits
from datasource.clickhouse.native_engine import NativeEngine
from datasource.clickhouse.protocol import Timeouts
from errors import ErrorCode, GatewayError
from telemetry.request import KEY_ID, REQUEST, RequestInfo
from tests.datasource.clickhouse.native_servers import open_native, serving
from tests.support.native_server import Backend, Drop, Fail, Fault, Hang, NativeServer, Slow

ENDLESS = "SELECT sum(sipHash64(number)) AS s FROM numbers(1000000000000)"
DOWN = "UPSTREAM_UNAVAILABLE"
WIDE = Limits(seconds=600, rows_to_read=10**15)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def code_of(engine: NativeEngine, text: str = "SELECT 1 AS x", limits: Limits | None = None) -> ErrorCode:
    """Return the error code, after checking that the error names no host and no password."""
    with pytest.raises(GatewayError) as raised:
        await engine.query(text, limits=limits)
    message = f"{raised.value.message} {raised.value.hint} {raised.value.details}"
    assert "127.0.0.1" not in message
    assert "secret" not in message
    return raised.value.code


async def nothing_runs(server: NativeServer) -> None:
    """Wait until neither the server nor chdb runs a query."""
    await until(lambda: not server.running and not server.backend.running())


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110 - the servers are threads
            await asyncio.sleep(0.01)


async def start_endless(engine: NativeEngine, server: NativeServer) -> "asyncio.Task[QueryResult]":
    """Start a query that never ends, and wait until chdb runs it."""
    task = asyncio.create_task(engine.query(ENDLESS, limits=WIDE))
    await until(lambda: bool(server.running and server.backend.running()))
    return task


async def test_connections_are_reused_and_bounded(backend: Backend) -> None:
    with serving(backend) as server:
        async with open_native(server, connections=3) as engine:
            for _ in range(5):
                await engine.query("SELECT 1")
            assert server.handshakes == 1
            await asyncio.gather(*(engine.query("SELECT sleep(0.05)") for _ in range(20)))
            assert server.max_clients == server.handshakes <= 3
        await until(lambda: server.clients == 0)


async def test_query_that_waits_too_long_for_a_connection_is_rejected(backend: Backend) -> None:
    with serving(backend) as server:
        KEY_ID.set("key")
        async with open_native(server, connections=1, queue_limits=QueueLimits(wait_s=0.1)) as engine:
            busy = await start_endless(engine, server)
            assert await code_of(engine) is ErrorCode.RATE_LIMITED
            await engine.ping()  # bypasses the queue
            busy.cancel()
            await asyncio.wait([busy])
            assert (await engine.query("SELECT 1 AS x")).columns == ([1],)


async def test_two_hundred_clients_share_four_connections(backend: Backend) -> None:
    with serving(backend) as server:
        faults: tuple[Fault, ...] = (Drop(), Drop(mid_block=True), Fail(241))
        server.fail_next(*faults * 3, Hang(), matching="odd")
        async with open_native(server, timeouts=Timeouts(10.0, 2.0)) as engine:
            texts = [f"SELECT {n} AS n{', 1 AS odd' if n % 10 == 0 else ''}" for n in range(200)]
            answers = await asyncio.gather(*(engine.query(text) for text in texts), return_exceptions=True)
            for n, answer in enumerate(answers):
                if isinstance(answer, BaseException):
                    assert isinstance(answer, GatewayError)
                    assert n % 10 == 0
                else:
                    assert answer.columns[0] == [n]
            assert server.max_clients <= 4 + 4  # connections that kill a query are extra
            assert engine._workers.running == 0
            assert engine._pool.idle <= 4
            assert [(await engine.query("SELECT 7 AS x")).columns for _ in range(8)] == [([7],)] * 8
            await nothing_runs(server)


async def test_connection_that_was_idle_for_long_is_pinged_first(backend: Backend) -> None:
    with serving(backend) as server:
        async with open_native(server) as engine:
            engine._pool._idle_check_s = 0
            await engine.query("SELECT 1")
            await engine.query("SELECT 1")
            assert server.handshakes == 1
            server.stop()
            server.start()
            assert (await engine.query("SELECT 1 AS x")).columns == ([1],)
            assert len(server.queries) == 3


async def test_command_after_a_restart_of_the_server_runs_once(backend: Backend) -> None:
    with serving(backend) as server:
        async with open_native(server) as engine:
            await engine.command("CREATE TABLE once (x UInt8) ENGINE = Memory")
            server.stop()
            server.start()
            await engine.command("INSERT INTO once SELECT 1")
            assert (await engine.query("SELECT count() AS n FROM once")).columns == ([1],)
            await engine.command("DROP TABLE once")


async def test_query_is_retried_when_the_connection_is_lost(backend: Backend) -> None:
    with serving(backend) as server:
        async with open_native(server) as engine:
            server.fail_next(Drop(), Drop())
            assert (await engine.query("SELECT 5 AS x")).columns == ([5],)
            ids = [query.id for query in server.queries]
            assert len(set(ids)) == 3
            server.fail_next(Drop(), Drop(), Drop())
            assert await code_of(engine) is ErrorCode.UPSTREAM_UNAVAILABLE
            assert len(server.queries) == 6


async def test_query_is_not_retried_once_rows_have_arrived(backend: Backend) -> None:
    with serving(backend) as server:
        async with open_native(server) as engine:
            server.fail_next(Drop(mid_block=True))
            with pytest.raises(GatewayError):
                await engine.query("SELECT number FROM numbers(20000)")
            assert (await engine.query("SELECT 5 AS x")).columns == ([5],)


async def test_insert_is_never_retried(backend: Backend) -> None:
    with serving(backend) as server:
        async with open_native(server) as engine:
            await engine.command("CREATE TABLE not_retried (x Int64) ENGINE = Memory")
            server.fail_next(Drop(), matching="INSERT")
            with pytest.raises(GatewayError) as raised:
                await engine.insert("INSERT INTO not_retried SELECT x FROM {batch}", pa.table({"x": [1]}))
            assert raised.value.code is ErrorCode.UPSTREAM_UNAVAILABLE
            assert sum("INSERT" in query.text for query in server.queries) == 1
            await engine.command("DROP TABLE not_retried")


async def test_next_host_is_used_while_one_is_down(backend: Backend) -> None:
    with serving(backend) as one, serving(backend) as two:
        async with open_native(one, two) as engine:
            clock = Clock()
            engine._pool._failover._clock = clock
            await engine.query("SELECT 1")
            one.stop()
            assert (await engine.query("SELECT 2 AS x")).columns == ([2],)
            await engine.query("SELECT 3")
            assert [len(server.queries) for server in (one, two)] == [1, 2]
            one.start()
            await engine.query("SELECT 4")
            assert len(two.queries) == 3  # the first host is cooling down
            clock.now += COOLDOWN_S
            await engine.query("SELECT 5")  # on the connection to the second host, which is closed after it
            await engine.query("SELECT 6")
            assert [len(server.queries) for server in (one, two)] == [2, 4]


async def test_host_that_never_greets_is_skipped(backend: Backend) -> None:
    with serving(backend) as one, serving(backend) as two:
        one.hangs_at_handshake = True
        async with open_native(one, two, timeouts=Timeouts(0.3, 0.3)) as engine:
            assert (await engine.query("SELECT 2 AS x")).columns == ([2],)


async def test_unreachable_server_is_reported_until_it_is_back(
    backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(backend) as server:
        async with open_native(server, credentials="default:secret@") as engine:
            server.password = "secret"
            server.stop()
            assert await code_of(engine) is ErrorCode.UPSTREAM_UNAVAILABLE
            with pytest.raises(GatewayError) as raised:
                await engine.query("SELECT 1")
            assert raised.value.details == {"waitedFor": "connection"}
            with pytest.raises(GatewayError):
                await engine.ping()
            server.start()
            await engine.ping()
    assert f"127.0.0.1:{server.port}" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("credentials", ["", "default:secret2@", "ada:secret@"])
async def test_wrong_password_is_reported_without_it(backend: Backend, credentials: str) -> None:
    with serving(backend, password="secret") as server:
        async with open_native(server, credentials=credentials) as engine:
            assert await code_of(engine) is ErrorCode.UPSTREAM_UNAVAILABLE
            assert server.handshakes == 1
        async with open_native(server, credentials="default:secret@") as engine:
            await engine.ping()


async def test_missing_database_is_reported(backend: Backend) -> None:
    with serving(backend, databases=("other",)) as server:
        async with open_native(server) as engine:
            with pytest.raises(GatewayError, match="lacks the gateway's database"):
                await engine.query("SELECT 1")


async def test_cancelled_query_is_killed_and_frees_its_slot(backend: Backend) -> None:
    with serving(backend) as server:
        async with open_native(server, connections=1) as engine:
            task = await start_endless(engine, server)
            (query_id,) = server.running
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await nothing_runs(server)
            assert any(f"KILL QUERY WHERE query_id = '{query_id}'" in query.text for query in server.queries)
            assert (await engine.query("SELECT 1 AS x")).columns == ([1],)
            assert server.clients <= 1


@pytest.mark.parametrize("after_s", [0, 0.002, 0.02])
async def test_queries_cancelled_at_any_moment_leave_nothing_behind(backend: Backend, after_s: float) -> None:
    with serving(backend) as server:
        async with open_native(server) as engine:
            tasks = [asyncio.create_task(engine.query(ENDLESS, limits=WIDE)) for _ in range(12)]
            await asyncio.sleep(after_s)
            for each in tasks:
                each.cancel()
            await asyncio.wait(tasks)
            assert all(each.cancelled() for each in tasks)
            await nothing_runs(server)
            answers = await asyncio.gather(*(engine.query("SELECT 1 AS mine") for _ in range(8)))
            assert [answer.columns for answer in answers] == [([1],)] * 8


async def test_cancelled_query_on_a_hanging_server_ends(backend: Backend) -> None:
    with serving(backend) as server:
        async with open_native(server, connections=1) as engine:
            server.fail_next(Hang())
            task = asyncio.create_task(engine.query("SELECT 1"))
            await until(lambda: bool(server.queries))
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
            assert (await engine.query("SELECT 1 AS x")).columns == ([1],)


async def test_query_that_the_server_does_not_time_out_is_ended(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasource.clickhouse.native_engine.GRACE_S", 0.2)
    with serving(backend) as server:
        async with open_native(server) as engine:
            server.fail_next(Slow(1.0))
            with pytest.raises(GatewayError) as raised:
                await engine.query(ENDLESS, limits=Limits(seconds=0.2, rows_to_read=10**15))
            assert raised.value.code is ErrorCode.TIMEOUT
            assert raised.value.details == {"limit": 0.2, "actual": 0.4, "unit": "seconds"}
            await nothing_runs(server)


async def test_silent_server_is_unavailable(backend: Backend) -> None:
    with serving(backend) as server:
        async with open_native(server, timeouts=Timeouts(10.0, 1.0)) as engine:
            server.fail_next(Hang())
            with pytest.raises(GatewayError, match=r"did not answer within 1") as raised:
                await engine.query("SELECT 1 AS x")
            assert raised.value.code is ErrorCode.UPSTREAM_UNAVAILABLE
            assert raised.value.details == {"limit": 1.0, "unit": "seconds", "waitedFor": "answer"}
            assert len(server.queries) == 1  # no retry: it may still be running
            long = "SELECT sleep(2) AS s"  # sends progress all along
            assert (await engine.query(long)).columns == ([0],)


async def test_server_killed_during_a_query_is_unavailable(backend: Backend) -> None:
    with serving(backend) as server:
        async with open_native(server) as engine:
            task = await start_endless(engine, server)
            await asyncio.to_thread(server.stop)
            with pytest.raises(GatewayError) as raised:
                await task
            assert raised.value.code is ErrorCode.UPSTREAM_UNAVAILABLE
            assert backend.running() == []
            server.start()
            assert (await engine.query("SELECT 1 AS x")).columns == ([1],)


async def test_close_ends_running_queries(backend: Backend) -> None:
    with serving(backend) as server:
        async with open_native(server) as engine:
            task = await start_endless(engine, server)
            await engine.close()
            with pytest.raises(GatewayError) as raised:
                await task
            assert raised.value.code is ErrorCode.CANCELLED
            await nothing_runs(server)
            assert await code_of(engine) is ErrorCode.UPSTREAM_UNAVAILABLE


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((128, 131, 158, 161, 162, 167, 168, 191, 229, 241, 306, 307, 396), "QUERY_TOO_EXPENSIVE"),
        ((159, 160), "TIMEOUT"),
        ((394, 735), "CANCELLED"),
        ((173, 201, 202, 252, 439, 692, 700, 745, 749, 776, 777, 778), "RATE_LIMITED"),
        ((153, 407, 427), "BAD_USER_INPUT"),
        ((60, 81, 115, 164, 192, 193, 194, 197, 218, 242, 243, 291, 452, 472, 497, 516, 720, 774), DOWN),
        ((3, 32, 33, 95, 96, 101, 102, 198, 203, 209, 210, 225, 236, 279, 297, 369), DOWN),
        ((473, 499, 500, 519, 904, 999, 1000), DOWN),
    ],
)
async def test_exception_of_the_server_is_translated(
    backend: Backend, codes: tuple[int, ...], expected: str
) -> None:
    with serving(backend) as server:
        async with open_native(server) as engine:
            server.fail_next(*(Fail(code, "secret") for code in codes))
            assert [await code_of(engine) for _ in codes] == [expected] * len(codes)
            assert (await engine.query("SELECT 1 AS x")).columns == ([1],)


async def test_unknown_exception_keeps_its_code(backend: Backend) -> None:
    with serving(backend) as server:
        async with open_native(server) as engine:
            server.fail_next(Fail(49, "a logical error"))
            with pytest.raises(ClickHouseError, match="a logical error") as failed:
                await engine.query("SELECT 1")
            assert failed.value.code == 49


async def test_query_carries_its_limits_and_request_id(backend: Backend) -> None:
    with serving(backend) as server:
        async with open_native(server) as engine:
            REQUEST.set(RequestInfo("abc"))
            await engine.query(
                "SELECT 1", limits=Limits(seconds=7, rows_to_read=8, memory_bytes=9_000_000, result_rows=10)
            )
        (query,) = server.queries
    assert query.id.startswith("trendgate-")
    assert query.settings == {
        "readonly": "2",
        "max_execution_time": "7",
        "max_rows_to_read": "8",
        "max_memory_usage": "9000000",
        "max_result_rows": "10",
        "result_overflow_mode": "throw",
        "log_comment": "trendgate abc",
    }


async def test_driver_logs_no_password(backend: Backend, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(backend, password="secret") as server:
        async with open_native(server, credentials="default:secret@") as engine:
            await engine.query("SELECT 1")
    assert "secret" not in caplog.text
