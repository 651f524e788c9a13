"""ClickHouse inside this process: chdb, with a pool of sessions on one data folder."""

import queue
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self, TypeVar

import anyio.to_thread
import pyarrow as pa

from datasource.clickhouse.chdb_session import ChdbResult, ControlSession, EmbeddedJob, block_file, execute
from datasource.clickhouse.data_dir_lock import lock_data_dir, unusable_data_dir
from datasource.clickhouse.engine import (
    Limits,
    ParamValue,
    ProgressListener,
    QueryResult,
    QueueStatus,
    on_event_loop,
)
from datasource.clickhouse.errors import timed_out
from datasource.clickhouse.fair_queue import QueueLimits
from datasource.clickhouse.json_rows import FORMAT, read_columns
from datasource.clickhouse.native_format import NativeBlock, block_from_arrow
from datasource.clickhouse.workers import GRACE_S, WorkerPool
from errors import ErrorCode, GatewayError
from telemetry.request import KEY_ID

if TYPE_CHECKING:
    from chdb.session import Session

Result = TypeVar("Result")

_JSON_SETTINGS: Final = {
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_denormals": 0,
    "output_format_json_validate_utf8": 1,
}


class EmbeddedEngine:
    """The engine on chdb.

    chdb allows one process per folder and one folder per process. Statements on the same session wait for
    each other, so a session is lent to one statement at a time.
    """

    def __init__(
        self, lock: IO[str], sessions: "Sequence[Session]", control: "Session", queue_limits: QueueLimits
    ) -> None:
        self._lock = lock
        self._sessions = tuple(sessions)
        self._idle: queue.SimpleQueue[Session] = queue.SimpleQueue()
        for session in self._sessions:
            self._idle.put(session)
        self._control = ControlSession(control)
        self._workers = WorkerPool(len(self._sessions), queue_limits)
        self._is_closed = False

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        sessions: int = 4,
        queue_limits: QueueLimits | None = None,
        total_memory: int | None = None,
    ) -> Self:
        """Open or create the data folder. As many statements as there are sessions run at once.

        `total_memory` is the most bytes that all running statements together may use.

        Raises UPSTREAM_UNAVAILABLE when another process uses the folder, or chdb is not installed.
        """
        try:
            from chdb.session import Session
        except ImportError as missing:
            raise GatewayError(
                ErrorCode.UPSTREAM_UNAVAILABLE,
                "The embedded ClickHouse is not installed.",
                hint="Install trendgate with the extra `embedded`.",
            ) from missing
        lock = lock_data_dir(path)
        try:
            folder = str(path.resolve())
            # As a default of all statements: one without it, such as a ping, would lift the limit for all others.
            limit = "" if total_memory is None else f"?max_memory_usage_for_user={total_memory}"
            opened = [Session(f"{folder}{limit}") for _ in range(sessions + 1)]
            return cls(lock, opened[1:], opened[0], queue_limits or QueueLimits())
        except Exception as failure:
            lock.close()
            raise unusable_data_dir(path) from failure

    @property
    def is_shared(self) -> bool:
        return False

    @property
    def cluster(self) -> str | None:
        return None

    @property
    def queue_status(self) -> QueueStatus:
        return QueueStatus(self._workers.running, self._workers.waiting)

    async def query(
        self,
        text: str,
        params: Mapping[str, ParamValue] | None = None,
        *,
        limits: Limits | None = None,
        blocks: Sequence[NativeBlock] = (),
        on_progress: ProgressListener | None = None,
    ) -> QueryResult:
        started = time.perf_counter()
        limits = limits or Limits()
        settings = {"readonly": 2, **limits.as_settings(), **_JSON_SETTINGS}
        limited = f"{text}\nSETTINGS {_render(settings)}"

        def read(result: ChdbResult) -> QueryResult:
            columns = read_columns(result.bytes())
            return QueryResult(
                names=tuple(columns),
                columns=tuple(columns.values()),
                rows_read=result.storage_rows_read(),
                bytes_read=result.storage_bytes_read(),
                elapsed_s=time.perf_counter() - started,
            )

        return await self._run(limited, params or {}, FORMAT, blocks, read, limits=limits, on_progress=on_progress)

    async def command(
        self, text: str, params: Mapping[str, ParamValue] | None = None, *, blocks: Sequence[NativeBlock] = ()
    ) -> None:
        await self._run(text, params or {}, "Null", blocks, lambda _: None)

    async def insert(self, text: str, batch: pa.Table, params: Mapping[str, ParamValue] | None = None) -> None:
        await self.command(text.replace("{batch}", "{block}"), params, blocks=[block_from_arrow(batch)])

    async def ping(self) -> None:
        self._check_open()
        await anyio.to_thread.run_sync(self._control.ping)

    async def close(self) -> None:
        self._is_closed = True
        await self._workers.stop_all()
        await anyio.to_thread.run_sync(self._close)

    async def _run(
        self,
        text: str,
        params: Mapping[str, ParamValue],
        output: str,
        blocks: Sequence[NativeBlock],
        read: Callable[[ChdbResult], Result],
        *,
        limits: Limits | None = None,
        on_progress: ProgressListener | None = None,
    ) -> Result:
        """Run one statement, and `read` its result on the same thread: large ones take long to read."""
        listener = on_event_loop(on_progress) if on_progress else None

        def execute_tagged(tag: str) -> Result:
            with self._session() as session, block_file(text, params, blocks) as (statement, bound):
                result = execute(session, f"{tag} {statement}", bound, output, limits=limits, listener=listener)
            return read(result)

        job = EmbeddedJob(execute_tagged, self._control)
        within_s = None if limits is None else limits.seconds + GRACE_S
        try:
            return await self._workers.run(job, key=KEY_ID.get(), within_s=within_s)
        except TimeoutError as late:  # ClickHouse looks at the clock only between two blocks of rows
            raise timed_out(within_s, limits) from late

    @contextmanager
    def _session(self) -> "Iterator[Session]":
        self._check_open()
        session = self._idle.get()
        try:
            yield session
        finally:
            self._idle.put(session)

    def _check_open(self) -> None:
        if self._is_closed:
            raise GatewayError(ErrorCode.UPSTREAM_UNAVAILABLE, "The embedded ClickHouse is closed.")

    def _close(self) -> None:
        for session in self._sessions:
            session.close()
        self._control.close()
        self._lock.close()


def _render(settings: Mapping[str, int | float | str]) -> str:
    return ", ".join(f"{name} = {value!r}" for name, value in settings.items())
