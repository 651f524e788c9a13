import pytest

from resolvers.trend_cache.cached_trend import CachedTrend, dump, load
from tests.resolvers.trend_cache.trend_results import NOW, result_of


def test_dumped_trend_is_loaded_as_cached() -> None:
    computed = CachedTrend(result_of(1.5), NOW, is_cached=False)
    assert load(dump(computed)) == CachedTrend(result_of(1.5), NOW, is_cached=True)


@pytest.mark.parametrize("document", [b"", b"{}", b"null", b"\x80\x04K\x01.", b'{"result": {}, "computed_at": 1}'])
def test_other_documents_are_misses(document: bytes) -> None:
    assert load(document) is None
