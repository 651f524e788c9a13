"""The chdb sessions behind the server."""

import queue
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from datasource.clickhouse.chdb_session import ChdbResult
from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.engine import Progress
from tests.support.native_server.blocks import Block, Column, read_file
from tests.support.native_server.streams import read_text

if TYPE_CHECKING:
    from chdb.session import Session

_KILL: Final = re.compile(r"KILL QUERY WHERE query_id = '([\w-]+)' ASYNC")
_QUERY: Final = re.compile(r"\s*(?:--[^\n]*\n\s*)*(SELECT|WITH|\(|DESCRIBE|SHOW|EXPLAIN|EXISTS)", re.IGNORECASE)
_CODE: Final = re.compile(r"Code: (\d+)\. DB::Exception: ", re.DOTALL)


@dataclass(frozen=True)
class Query:
    id: str
    text: str
    settings: Mapping[str, str]
    params: Mapping[str, str]
    tables: Mapping[str, Sequence[Block]]
    traceparent: str | None = None


@dataclass(frozen=True)
class Result:
    header: Block
    blocks: tuple[Block, ...]
    rows_read: int
    bytes_read: int


class ServerException(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Backend:
    """Sessions on one folder, opened on demand and lent to one query at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._idle: queue.LifoQueue[Session] = queue.LifoQueue()
        self._killer = self._new_session()
        self._killer_lock = threading.Lock()

    def run(self, query: Query, on_progress: Callable[[Progress], None]) -> Result | None:
        """Run a query. Returns None for a statement without a result."""
        if kill := _KILL.fullmatch(query.text):
            self.kill(kill.group(1))
            return None
        with self._session() as session, _tables(session, query.tables):
            return _run(session, query, on_progress)

    def kill(self, query_id: str) -> None:
        with self._killer_lock:
            _execute(self._killer, f"KILL QUERY WHERE startsWith(query, '/* {query_id} */')", {}, "Null")

    def running(self) -> list[str]:
        """Return the texts of the running queries, except this one."""
        with self._killer_lock:
            data = _execute(self._killer, "SELECT query FROM system.processes", {}, "TSVRaw").bytes().decode()
        return [line for line in data.splitlines() if line.startswith("/* ")]

    def close(self) -> None:
        while not self._idle.empty():
            self._idle.get().close()
        self._killer.close()

    @contextmanager
    def _session(self) -> "Iterator[Session]":
        try:
            session = self._idle.get_nowait()
        except queue.Empty:
            session = self._new_session()
        try:
            yield session
        finally:
            self._idle.put(session)

    def _new_session(self) -> "Session":
        from chdb.session import Session

        return Session(str(self._folder.resolve()))


def _run(session: "Session", query: Query, on_progress: Callable[[Progress], None]) -> Result | None:
    text, is_query = _with_settings(query), bool(_QUERY.match(query.text))

    def report(counters: Mapping[str, int]) -> None:
        on_progress(Progress(counters["read_rows"], counters["total_rows_to_read"], counters["read_bytes"]))

    session._conn.set_progress_callback(report)
    try:
        result = _execute(session, f"/* {query.id} */ {text}", query.params, "Native" if is_query else "Null")
    finally:
        session._conn.set_progress_callback(None)
    if not is_query:
        return None
    blocks = tuple(read_file(result.bytes()))
    header = Block(0, tuple(Column(each.name, each.kind, b"") for each in blocks[0].columns)) if blocks else None
    if header is None or any("DateTime" in each.kind for each in header.columns):
        header = _describe(session, query)  # chdb's file has no time zones, and is empty without rows
        kinds = [each.kind for each in header.columns]
        blocks = tuple(_retyped(block, kinds) for block in blocks)
    return Result(header, blocks, result.storage_rows_read(), result.storage_bytes_read())


def _describe(session: "Session", query: Query) -> Block:
    result = _execute(session, f"DESCRIBE ({query.text})", query.params, "Native")
    columns = next(read_file(result.bytes())).columns
    names, kinds = (_read_strings(column.data) for column in columns[:2])
    return Block(0, tuple(Column(name, kind, b"") for name, kind in zip(names, kinds, strict=True)))


def _read_strings(data: bytes) -> Iterator[str]:
    source = BytesIO(data)
    while source.tell() < len(data):
        yield read_text(source)


def _retyped(block: Block, kinds: Sequence[str]) -> Block:
    columns = zip(block.columns, kinds, strict=True)
    return Block(block.rows, tuple(Column(each.name, kind, each.data) for each, kind in columns))


def _with_settings(query: Query) -> str:
    settings = {name: value for name, value in query.settings.items() if name != "log_comment"}
    if not settings:
        return query.text
    return f"{query.text}\nSETTINGS {', '.join(f'{name} = {value!r}' for name, value in settings.items())}"


@contextmanager
def _tables(session: "Session", tables: Mapping[str, Sequence[Block]]) -> Iterator[None]:
    for name, blocks in tables.items():
        with tempfile.NamedTemporaryFile(suffix=".native") as file:
            file.writelines(block.as_file() for block in blocks)
            file.flush()
            structure = ", ".join(f"{each.name} {each.kind}" for each in blocks[0].columns)
            params = {"file": file.name, "structure": structure.replace("\\", "\\\\")}
            rows = "SELECT * FROM file({file:String}, 'Native', {structure:String})"
            _execute(session, f"CREATE TEMPORARY TABLE {name} ENGINE = Memory AS {rows}", params, "Null")
    try:
        yield
    finally:
        for name in tables:
            _execute(session, f"DROP TEMPORARY TABLE {name}", {}, "Null")


def _execute(session: "Session", text: str, params: Mapping[str, str], output: str) -> ChdbResult:
    try:
        result: ChdbResult = session.query(text, output, params=dict(params))
    except Exception as failure:
        session.query("SELECT 1", "Null")  # as chdb_session.py does
        found = _CODE.search(str(failure))
        code, message = (int(found.group(1)), str(failure)[found.end() :]) if found else (1002, str(failure))
        raise ServerException(code, message) from failure
    return result


@contextmanager
def open_backend(embedded: EmbeddedEngine) -> Iterator[Backend]:
    """Open a backend on the engine's folder, as chdb allows one folder per process."""
    backend = Backend(Path(embedded._lock.name).parent)
    yield backend
    backend.close()
