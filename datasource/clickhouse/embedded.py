"""ClickHouse inside this process: chdb, a pool of sessions on one folder."""

import fcntl
import queue
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, Self

import anyio.to_thread
import orjson
import pyarrow as pa

from datasource.clickhouse.engine import Identifier, Limits, ParamValue, QueryResult
from datasource.clickhouse.failures import translate
from errors import ErrorCode, GatewayError

if TYPE_CHECKING:
    from chdb.session import Session


class Answer(Protocol):
    """The part of chdb's result that is read here."""

    def bytes(self) -> bytes: ...
    def storage_rows_read(self) -> int: ...
    def storage_bytes_read(self) -> int: ...


_JSON_SETTINGS = {
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_denormals": 0,
    "output_format_json_validate_utf8": 1,
}
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\r": "\\r", "\n": "\\n", "\t": "\\t", "\0": "\\0"}
)


class EmbeddedEngine:
    """The protocol of engine.py on chdb.

    One folder can be open in one process only, and in one process only one folder: chdb's rule. Calls on one
    session wait for each other, so a session is lent to one call at a time.
    """

    def __init__(self, lock: IO[str], sessions: "Sequence[Session]") -> None:
        self._lock = lock
        self._sessions = tuple(sessions)
        self._idle: queue.SimpleQueue[Session | None] = queue.SimpleQueue()  # None: closed
        for session in self._sessions:
            self._idle.put(session)
        self._threads = anyio.CapacityLimiter(len(self._sessions))

    @classmethod
    def open(cls, path: Path, *, sessions: int = 4) -> Self:
        """Open or create the data folder.

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
        lock = _lock_folder(path)
        try:
            return cls(lock, [Session(str(path.resolve())) for _ in range(sessions)])
        except Exception as failure:
            lock.close()
            raise _unusable(path) from failure

    async def query(
        self, text: str, params: Mapping[str, ParamValue] | None = None, *, limits: Limits | None = None
    ) -> QueryResult:
        """See Engine.query."""
        settings = {"readonly": 2, **(limits or Limits()).as_settings(), **_JSON_SETTINGS}
        run = partial(self._read, f"{text}\nSETTINGS {_render(settings)}", params or {})
        return await anyio.to_thread.run_sync(run, limiter=self._threads)

    async def command(self, text: str, params: Mapping[str, ParamValue] | None = None) -> None:
        """See Engine.command."""
        await anyio.to_thread.run_sync(partial(self._run, text, params or {}), limiter=self._threads)

    async def insert(self, text: str, batch: pa.Table, params: Mapping[str, ParamValue] | None = None) -> None:
        """See Engine.insert. The batch travels through a file, which costs less than any text format."""
        await anyio.to_thread.run_sync(partial(self._insert, text, batch, params or {}), limiter=self._threads)

    async def ping(self) -> None:
        """See Engine.ping."""
        await self.query("SELECT 1")

    async def close(self) -> None:
        """See Engine.close. Waits for calls in flight."""
        await anyio.to_thread.run_sync(self._close)

    @contextmanager
    def _session(self) -> "Iterator[Session]":
        session = self._idle.get()
        if session is None:
            self._idle.put(None)
            raise GatewayError(ErrorCode.UPSTREAM_UNAVAILABLE, "The embedded ClickHouse is closed.")
        try:
            yield session
        finally:
            self._idle.put(session)

    def _read(self, text: str, params: Mapping[str, ParamValue]) -> QueryResult:
        started = time.perf_counter()
        with self._session() as session:
            answer = _ask(session, text, params, "JSONColumns")
        columns: dict[str, list[object]] = orjson.loads(answer.bytes())
        return QueryResult(
            names=tuple(columns),
            columns=tuple(columns.values()),
            rows_read=answer.storage_rows_read(),
            bytes_read=answer.storage_bytes_read(),
            elapsed_s=time.perf_counter() - started,
        )

    def _run(self, text: str, params: Mapping[str, ParamValue]) -> None:
        with self._session() as session:
            _ask(session, text, params, "Null")

    def _insert(self, text: str, batch: pa.Table, params: Mapping[str, ParamValue]) -> None:
        with tempfile.NamedTemporaryFile(suffix=".arrow") as file:
            with pa.OSFile(file.name, "wb") as sink, pa.ipc.new_stream(sink, batch.schema) as writer:
                writer.write_table(batch)
            source = "file({batch_file:String}, 'ArrowStream')"
            self._run(text.replace("{batch}", source), {**params, "batch_file": file.name})

    def _close(self) -> None:
        for _ in self._sessions:
            session = self._idle.get()
            if session is None:  # closed before
                break
            session.close()
        self._idle.put(None)
        self._lock.close()


def _ask(session: "Session", text: str, params: Mapping[str, ParamValue], output: str) -> "Answer":
    bound = {name: encode_param(value) for name, value in params.items()}
    try:
        answer: Answer = session.query(text, output, params=bound)
    except Exception as failure:  # chdb raises plain RuntimeErrors beside its own
        _discard_rest(session)
        raise translate(str(failure)) from failure
    return answer


def _discard_rest(session: "Session") -> None:
    # What a query wrote before it failed would come first in the session's next answer, whoever asks for it.
    session.query("SELECT 1", "Null")


def encode_param(value: ParamValue) -> str:
    """The text form in which ClickHouse reads a bound value: tab-separated for one, quoted inside a list."""
    if value is None:
        return "\\N"
    if isinstance(value, Identifier):
        return str(value)
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, Sequence):
        return f"[{','.join(_quote(item) for item in value)}]"
    return _figure(value)


def _quote(item: str | float) -> str:
    if isinstance(item, str):
        return "'" + item.translate(_ESCAPES).replace("'", "\\'") + "'"
    return _figure(item)


def _figure(value: float) -> str:
    return repr(int(value)) if isinstance(value, bool) else repr(value)


def _render(settings: Mapping[str, int | float | str]) -> str:
    return ", ".join(f"{name} = {value!r}" for name, value in settings.items())


def _lock_folder(path: Path) -> IO[str]:
    # chdb would fail too, but without saying why.
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / "trendgate.lock").open("w")
    except OSError as failure:
        raise _unusable(path) from failure
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


def _unusable(path: Path) -> GatewayError:
    return GatewayError(
        ErrorCode.UPSTREAM_UNAVAILABLE,
        f"The data folder {path} cannot be opened.",
        hint="It must be a folder that this user may write, holding what this version wrote.",
    )
