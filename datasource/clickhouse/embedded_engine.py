"""ClickHouse inside this process: chdb, a pool of sessions on one folder."""

import queue
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol, Self
from uuid import uuid4

import anyio.to_thread
import orjson
import pyarrow as pa

from datasource.clickhouse.engine import (
    Limits,
    Occupancy,
    ParamValue,
    Progress,
    ProgressListener,
    QueryResult,
    on_loop,
)
from datasource.clickhouse.errors import translate
from datasource.clickhouse.fair_queue import QueueLimits
from datasource.clickhouse.native_format import NativeBlock, block_of
from datasource.clickhouse.parameters import encode_param
from datasource.clickhouse.workers import WorkerPool
from errors import ErrorCode, GatewayError
from telemetry.request import KEY_ID

if TYPE_CHECKING:
    from chdb.session import Session
import fcntl


def lock_folder(path: Path) -> IO[str]:
    """Make the folder if need be and hold it until the answer is closed; raises UPSTREAM_UNAVAILABLE."""
    # chdb would fail too, but without saying why.
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / "trendgate.lock").open("w")
    except OSError as failure:
        raise unusable(path) from failure
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        lock.close()
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            f"The data folder {path} is in use by another process.",
            hint="The embedded ClickHouse allows one process at a time: stop the other server or load first.",
        ) from taken
    return lock


def unusable(path: Path) -> GatewayError:
    """The refusal of a folder that holds no data of ours, or cannot be written."""
    return GatewayError(
        ErrorCode.UPSTREAM_UNAVAILABLE,
        f"The data folder {path} cannot be opened.",
        hint="It must be a folder that this user may write, holding what this version wrote.",
    )


class Answer(Protocol):
    """The part of chdb's result that is read here."""

    def bytes(self) -> bytes: ...
    def storage_rows_read(self) -> int: ...
    def storage_bytes_read(self) -> int: ...


_JSON_SETTINGS: Final = {
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_denormals": 0,
    "output_format_json_validate_utf8": 1,
}
_BLOCK_SOURCE: Final = "file({block_file:String}, 'Native', {block_structure:String})"


class EmbeddedEngine:
    """The protocol of engine.py on chdb.

    One folder can be open in one process only, and in one process only one folder: chdb's rule. WorkerPool on one
    session wait for each other, so a session is lent to one call at a time; one more session ends queries.
    """

    def __init__(
        self, lock: IO[str], sessions: "Sequence[Session]", killer: "Session", queue_limits: QueueLimits
    ) -> None:
        self._lock = lock
        self._sessions = tuple(sessions)
        self._idle: queue.SimpleQueue[Session] = queue.SimpleQueue()
        for session in self._sessions:
            self._idle.put(session)
        self._killer = Killer(killer)
        self._calls = WorkerPool(len(self._sessions), queue_limits)
        self._is_closed = False

    @classmethod
    def open(cls, path: Path, *, sessions: int = 4, queue_limits: QueueLimits | None = None) -> Self:
        """Open or create the data folder. As many queries as there are sessions run at once.

        Raises UPSTREAM_UNAVAILABLE when another process holds it, or chdb is not installed.
        """
        try:
            from chdb.session import Session
        except ImportError as missing:
            raise GatewayError(
                ErrorCode.UPSTREAM_UNAVAILABLE,
                "The embedded ClickHouse is not installed.",
                hint="Install trendgate with the extra `embedded`.",
            ) from missing
        lock = lock_folder(path)
        try:
            folder = str(path.resolve())
            opened = [Session(folder) for _ in range(sessions + 1)]
            return cls(lock, opened[1:], opened[0], queue_limits or QueueLimits())
        except Exception as failure:
            lock.close()
            raise unusable(path) from failure

    @property
    def is_shared(self) -> bool:
        """See Engine.is_shared."""
        return False

    @property
    def cluster(self) -> str | None:
        """See Engine.cluster."""
        return None

    @property
    def occupancy(self) -> Occupancy:
        """See Engine.occupancy."""
        return Occupancy(self._calls.running, self._calls.waiting)

    async def query(
        self,
        text: str,
        params: Mapping[str, ParamValue] | None = None,
        *,
        limits: Limits | None = None,
        blocks: Sequence[NativeBlock] = (),
        on_progress: ProgressListener | None = None,
    ) -> QueryResult:
        """See Engine.query."""
        started = time.perf_counter()
        limits = limits or Limits()
        settings = {"readonly": 2, **limits.as_settings(), **_JSON_SETTINGS}
        limited = f"{text}\nSETTINGS {_render(settings)}"
        answer = await self._ask(
            limited, params or {}, "JSONColumns", blocks, limits=limits, on_progress=on_progress
        )
        columns: dict[str, list[object]] = orjson.loads(answer.bytes())
        return QueryResult(
            names=tuple(columns),
            columns=tuple(columns.values()),
            rows_read=answer.storage_rows_read(),
            bytes_read=answer.storage_bytes_read(),
            elapsed_s=time.perf_counter() - started,
        )

    async def command(
        self, text: str, params: Mapping[str, ParamValue] | None = None, *, blocks: Sequence[NativeBlock] = ()
    ) -> None:
        """See Engine.command."""
        await self._ask(text, params or {}, "Null", blocks)

    async def insert(self, text: str, batch: pa.Table, params: Mapping[str, ParamValue] | None = None) -> None:
        """See Engine.insert."""
        await self.command(text.replace("{batch}", "{block}"), params, blocks=[block_of(batch)])

    async def ping(self) -> None:
        """See Engine.ping."""
        self._refuse_if_closed()
        await anyio.to_thread.run_sync(self._killer.answer)

    async def close(self) -> None:
        """See Engine.close."""
        self._is_closed = True
        await self._calls.stop_all()
        await anyio.to_thread.run_sync(self._close)

    async def _ask(
        self,
        text: str,
        params: Mapping[str, ParamValue],
        output: str,
        blocks: Sequence[NativeBlock],
        *,
        limits: Limits | None = None,
        on_progress: ProgressListener | None = None,
    ) -> Answer:
        listener = on_loop(on_progress) if on_progress else None

        def ask(tag: str) -> Answer:
            with self._session() as session, _as_file(text, params, blocks) as (tagless, bound):
                return _ask(session, f"{tag} {tagless}", bound, output, limits=limits, listener=listener)

        return await self._calls.run(EmbeddedCall(ask, self._killer), key=KEY_ID.get())

    @contextmanager
    def _session(self) -> "Iterator[Session]":
        self._refuse_if_closed()
        session = self._idle.get()
        try:
            yield session
        finally:
            self._idle.put(session)

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise GatewayError(ErrorCode.UPSTREAM_UNAVAILABLE, "The embedded ClickHouse is closed.")

    def _close(self) -> None:
        for session in (*self._sessions, self._killer.session):
            session.close()
        self._lock.close()


class Killer:
    """Ends queries that begin with a comment. Its session is its own, so that it answers while others are busy."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self._one_at_a_time = threading.Lock()

    def kill(self, tag: str) -> None:
        """End the query whose text begins with the tag, if there is one."""
        with self._one_at_a_time:
            _ask(self.session, f"KILL QUERY WHERE startsWith(query, '{tag}')", {}, "Null")

    def answer(self) -> None:
        """Raise unless the engine answers."""
        with self._one_at_a_time:
            _ask(self.session, "SELECT 1", {}, "Null")


class EmbeddedCall:
    """A query under way; chdb names queries itself, so a comment in front of the text is how it is found again."""

    def __init__(self, ask: Callable[[str], Answer], killer: Killer) -> None:
        self._ask = ask
        self._killer = killer
        self._tag = f"/* trendgate {uuid4().hex} */"
        self._is_stopped = False

    def run(self) -> Answer:
        """See Call.run."""
        if self._is_stopped:
            raise translate("Code: 394.")
        return self._ask(self._tag)

    def stop(self, asked_s: float) -> None:  # noqa: ARG002 - killing it is all that can be done, at any time
        """See Call.stop."""
        self._is_stopped = True
        self._killer.kill(self._tag)


@contextmanager
def _as_file(
    text: str, params: Mapping[str, ParamValue], blocks: Sequence[NativeBlock]
) -> Iterator[tuple[str, Mapping[str, ParamValue]]]:
    # A file costs less than any text format, and chdb takes it without a copy.
    if not blocks:
        yield text, params
        return
    with tempfile.NamedTemporaryFile(suffix=".native") as file:
        for block in blocks:
            file.writelines(block.encode())
        file.flush()
        source = {"block_file": file.name, "block_structure": blocks[0].structure}
        yield text.replace("{block}", _BLOCK_SOURCE), {**params, **source}


@contextmanager
def _reporting(session: "Session", listener: ProgressListener | None) -> Iterator[None]:
    if listener is None:
        yield
        return
    report = listener

    def read(figures: Mapping[str, int]) -> None:
        rows, total = figures["read_rows"], figures["total_rows_to_read"]
        report(Progress(rows, total or None, figures["read_bytes"]))

    session._conn.set_progress_callback(read)  # chdb has no other way to it
    try:
        yield
    finally:
        session._conn.set_progress_callback(None)


def _ask(
    session: "Session",
    text: str,
    params: Mapping[str, ParamValue],
    output: str,
    *,
    limits: Limits | None = None,
    listener: ProgressListener | None = None,
) -> Answer:
    bound = {name: encode_param(value) for name, value in params.items()}
    try:
        with _reporting(session, listener):
            answer: Answer = session.query(text, output, params=bound)
    except Exception as failure:  # chdb raises plain RuntimeErrors beside its own
        _discard_rest(session)
        raise translate(str(failure), limits) from failure
    return answer


def _discard_rest(session: "Session") -> None:
    # What a query wrote before it failed would come first in the session's next answer, whoever asks for it.
    session.query("SELECT 1", "Null")


def _render(settings: Mapping[str, int | float | str]) -> str:
    return ", ".join(f"{name} = {value!r}" for name, value in settings.items())
