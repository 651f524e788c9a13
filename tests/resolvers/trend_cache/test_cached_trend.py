from dataclasses import replace

import pytest

from resolvers.trend_cache.cached_trend import CachedTrend, dump, load
from tests.resolvers.trend_cache.trend_results import NOW, result_of


def test_dumped_trend_is_loaded_as_cached() -> None:
    computed = CachedTrend(result_of(1.5), NOW, is_cached=False)
    assert load(dump(computed)) == CachedTrend(result_of(1.5), NOW, is_cached=True)


def test_axes_are_dumped_once_and_loaded_where_they_belong() -> None:
    result = result_of(1)
    (series,) = result.series
    previous = replace(series, days=("2019-01-14", "2019-01-15"), labels=("14-Jan-2019", "15-Jan-2019"))
    total = replace(series, days=(), labels=(), data=())
    result = replace(result, series=(series, previous, series, total))
    document = dump(CachedTrend(result, NOW, is_cached=False))
    loaded = load(document)
    assert loaded is not None
    assert loaded.result == result
    assert loaded.result.series[0].days is loaded.result.series[2].days
    assert document.count(b"2019-01-14") == 1
    assert document.count(b"14-Jan-2020") == 1


@pytest.mark.parametrize("document", [b"", b"{}", b"null", b"\x80\x04K\x01.", b'{"result": {}, "computed_at": 1}'])
def test_other_documents_are_misses(document: bytes) -> None:
    assert load(document) is None
