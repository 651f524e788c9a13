"""The progress of a trend over all of its statements."""

from collections.abc import Callable

from datasource.clickhouse.engine import Progress, ProgressListener, QueryResult


class TrendProgress:
    """Adds up the progress of one trend's statements and notifies the listener, if there is one.

    Rows and bytes never decrease, even when a statement is retried. The total is estimated as soon as `expect`
    has said how many statements there are and one of them has reported its own. The others, which may wait in the
    queue, count as the average of those that have.
    """

    def __init__(self, listener: ProgressListener | None) -> None:
        self._listener = listener
        self._parts: list[StatementProgress] = []
        self._expected: int | None = None

    def expect(self, statements: int) -> None:
        """Set the number of statements, in addition to those that have begun."""
        self._expected = len(self._parts) + statements

    def begin(self) -> "StatementProgress":
        """Add a statement that starts now."""
        part = StatementProgress(self._notify if self._listener else None)
        self._parts.append(part)
        return part

    def _notify(self) -> None:
        if self._listener is not None:
            self._listener(self._sum())

    def _sum(self) -> Progress:
        parts = [part.progress for part in self._parts]
        rows = sum(part.rows_read for part in parts)
        return Progress(rows, self._total(parts, rows), sum(part.bytes_read for part in parts))

    def _total(self, parts: list[Progress], rows_read: int) -> int | None:
        totals = [part.total_rows for part in parts if part.total_rows is not None]
        if self._expected is None or not totals:
            return None
        return max(rows_read, round(sum(totals) * self._expected / len(totals)))


class StatementProgress:
    """The progress of one statement."""

    def __init__(self, notify: Callable[[], None] | None) -> None:
        self._notify = notify
        self.progress = Progress()

    @property
    def listener(self) -> ProgressListener | None:
        """The listener for the engine; None where nothing listens, which saves the reports."""
        return self._update if self._notify else None

    def end(self, result: QueryResult) -> None:
        """Record the end of the statement; the next notification includes it."""
        self.progress = _further(self.progress, Progress(result.rows_read, result.rows_read, result.bytes_read))

    def _update(self, progress: Progress) -> None:
        self.progress = _further(self.progress, progress)
        if self._notify is not None:
            self._notify()


def _further(known: Progress, reported: Progress) -> Progress:
    rows = max(known.rows_read, reported.rows_read)
    # The total is an estimate, which the rows can exceed, and which later reports may lack.
    total = known.total_rows if reported.total_rows is None else reported.total_rows
    total = None if total is None else max(rows, total)
    return Progress(rows, total, max(known.bytes_read, reported.bytes_read))
