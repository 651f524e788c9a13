"""Statements on sessions of chdb: parameters, blocks, progress, and ending a running one."""

import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar
from uuid import uuid4

from datasource.clickhouse.engine import Limits, ParamValue, Progress, ProgressListener
from datasource.clickhouse.errors import cancelled, translate
from datasource.clickhouse.native_format import NativeBlock
from datasource.clickhouse.parameters import encode_param

if TYPE_CHECKING:
    from chdb.session import Session

Result = TypeVar("Result")

_BLOCK_SOURCE: Final = "file({block_file:String}, 'Native', {block_structure:String})"


class ChdbResult(Protocol):
    """The part of chdb's result that is used here."""

    def bytes(self) -> bytes: ...
    def storage_rows_read(self) -> int: ...
    def storage_bytes_read(self) -> int: ...


def execute(
    session: "Session",
    text: str,
    params: Mapping[str, ParamValue],
    output: str,
    *,
    limits: Limits | None = None,
    listener: ProgressListener | None = None,
) -> ChdbResult:
    """Run one statement. `output` is a ClickHouse format, `listener` is called on this thread."""
    bound = {name: encode_param(value) for name, value in params.items()}
    try:
        with _reporting(session, listener):
            result: ChdbResult = session.query(text, output, params=bound)
    except Exception as failure:  # chdb raises plain RuntimeErrors as well as its own errors
        _discard_output(session)
        raise translate(str(failure), limits) from failure
    return result


@contextmanager
def block_file(
    text: str, params: Mapping[str, ParamValue], blocks: Sequence[NativeBlock]
) -> Iterator[tuple[str, Mapping[str, ParamValue]]]:
    """Write the blocks to a temporary file, and yield the statement and parameters that read it."""
    # A file costs less than any text format, and chdb reads it without a copy.
    if not blocks:
        yield text, params
        return
    with tempfile.NamedTemporaryFile(suffix=".native") as file:
        for block in blocks:
            file.writelines(block.encode())
        file.flush()
        source = {"block_file": file.name, "block_structure": blocks[0].structure}
        yield text.replace("{block}", _BLOCK_SOURCE), {**params, **source}


class ControlSession:
    """A separate session for pings and for killing statements, so that both work while the others are busy."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._lock = threading.Lock()

    def kill(self, tag: str) -> None:
        """End the statement that begins with the tag, if it is running."""
        with self._lock:
            execute(self._session, f"KILL QUERY WHERE startsWith(query, '{tag}')", {}, "Null")

    def ping(self) -> None:
        """Raise unless the engine answers."""
        with self._lock:
            execute(self._session, "SELECT 1", {}, "Null")

    def close(self) -> None:
        self._session.close()


class EmbeddedJob(Generic[Result]):
    """A job that runs one statement."""

    def __init__(self, execute_tagged: Callable[[str], Result], control: ControlSession) -> None:
        self._execute_tagged = execute_tagged
        self._control = control
        # chdb chooses the query id itself, so a comment in front of the statement identifies it.
        self._tag = f"/* trendgate {uuid4().hex} */"
        self._is_stopped = False

    def run(self) -> Result:
        if self._is_stopped:
            raise cancelled()
        return self._execute_tagged(self._tag)

    def stop(self, stopping_s: float) -> None:  # noqa: ARG002 - killing is the only way, at any time
        self._is_stopped = True
        self._control.kill(self._tag)


@contextmanager
def _reporting(session: "Session", listener: ProgressListener | None) -> Iterator[None]:
    if listener is None:
        yield
        return
    report = listener

    def read(progress: Mapping[str, int]) -> None:
        rows, total = progress["read_rows"], progress["total_rows_to_read"]
        report(Progress(rows, total or None, progress["read_bytes"]))

    session._conn.set_progress_callback(read)  # chdb's session has no public method for this
    try:
        yield
    finally:
        session._conn.set_progress_callback(None)


def _discard_output(session: "Session") -> None:
    # Otherwise the rows that the failed statement has written come first in the session's next result.
    session.query("SELECT 1", "Null")
