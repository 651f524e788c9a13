"""How far a trend is, over all of its statements."""

from collections.abc import Callable

from datasource.clickhouse.engine import Progress, ProgressListener, QueryResult


class TrendProgress:
    """Adds up what the statements of one trend report, and tells the listener, if there is one.

    Rows and bytes never shrink, though a statement that is asked again begins anew. The total is known once every
    statement has named its own, and `expect` has said how many there are.
    """

    def __init__(self, listener: ProgressListener | None) -> None:
        self._listener = listener
        self._parts: list[StatementProgress] = []
        self._expected: int | None = None

    def expect(self, statements: int) -> None:
        """So many statements there are beside those that began already."""
        self._expected = len(self._parts) + statements

    def begin(self) -> "StatementProgress":
        """One more statement is asked."""
        part = StatementProgress(self._tell if self._listener else None)
        self._parts.append(part)
        return part

    def _tell(self) -> None:
        if self._listener is not None:
            self._listener(self._sum())

    def _sum(self) -> Progress:
        parts = [part.progress for part in self._parts]
        totals = [part.total_rows for part in parts if part.total_rows is not None]
        return Progress(
            rows_read=sum(part.rows_read for part in parts),
            total_rows=sum(totals) if len(totals) == self._expected else None,
            bytes_read=sum(part.bytes_read for part in parts),
        )


class StatementProgress:
    """How far one statement is."""

    def __init__(self, tell: Callable[[], None] | None) -> None:
        self._tell = tell
        self.progress = Progress()

    @property
    def listener(self) -> ProgressListener | None:
        """What the engine is given; None where nobody listens, so that nothing is paid."""
        return self._update if self._tell else None

    def end(self, result: QueryResult) -> None:
        """The statement was answered. No news by itself: the next news include it."""
        self.progress = _further(self.progress, Progress(result.rows_read, result.rows_read, result.bytes_read))

    def _update(self, progress: Progress) -> None:
        self.progress = _further(self.progress, progress)
        if self._tell is not None:
            self._tell()


def _further(known: Progress, told: Progress) -> Progress:
    rows = max(known.rows_read, told.rows_read)
    # The total is an estimate: more may be read than it said. One that was known is not forgotten.
    total = known.total_rows if told.total_rows is None else told.total_rows
    total = None if total is None else max(rows, total)
    return Progress(rows, total, max(known.bytes_read, told.bytes_read))
