"""Progress of several statements as one."""

from datasource.clickhouse.engine import Progress, QueryResult
from resolvers.trends.progress import TrendProgress


def result(rows: int) -> QueryResult:
    return QueryResult(names=(), columns=(), rows_read=rows, bytes_read=rows * 8, elapsed_s=0.0)


def test_statement_without_a_total_counts_as_the_average_of_the_others() -> None:
    heard: list[Progress] = []
    trend = TrendProgress(heard.append)
    trend.expect(2)
    one, two = trend.begin().listener, trend.begin().listener
    assert one is not None
    assert two is not None
    one(Progress(10, 100, 80))
    two(Progress(5, None, 40))
    two(Progress(6, 50, 48))
    assert heard == [Progress(10, 200, 80), Progress(15, 200, 120), Progress(16, 150, 128)]


def test_total_is_unknown_until_a_statement_has_reported_one_of_a_known_number() -> None:
    heard: list[Progress] = []
    trend = TrendProgress(heard.append)
    one = trend.begin().listener
    assert one is not None
    one(Progress(10, 100, 80))
    trend.expect(1)
    two = trend.begin().listener
    assert two is not None
    two(Progress(150, None, 1200))
    assert heard == [Progress(10, None, 80), Progress(160, 200, 1280)]


def test_statement_that_ended_counts_with_all_that_it_read_in_the_next_news() -> None:
    heard: list[Progress] = []
    trend = TrendProgress(heard.append)
    first = trend.begin()
    first.end(result(7))
    trend.expect(2)
    one, two = trend.begin(), trend.begin()
    one.end(result(30))
    assert heard == []
    assert two.listener is not None
    two.listener(Progress(1, 20, 8))
    assert heard == [Progress(38, 57, 304)]


def test_progress_of_a_repeated_statement_never_decreases() -> None:
    heard: list[Progress] = []
    trend = TrendProgress(heard.append)
    trend.expect(1)
    only = trend.begin()
    assert only.listener is not None
    only.listener(Progress(60, 50, 480))  # more than it was thought to be
    only.listener(Progress(0, 50, 0))
    only.end(result(55))
    only.listener(Progress(0, None, 0))
    assert heard == [Progress(60, 60, 480), Progress(60, 60, 480), Progress(60, 60, 480)]


def test_engine_gets_no_listener_without_one() -> None:
    assert TrendProgress(None).begin().listener is None
