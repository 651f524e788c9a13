import pytest

from schema.extensions.limits import count_objects


@pytest.mark.parametrize(
    ("document", "count"),
    [(None, 0), ([], 0), ({}, 1), ({"a": [{}, {"b": {}}], "c": "text"}, 4), ([[[{}]]], 1), (["a"] * 9, 0)],
)
def test_objects_are_counted_at_every_level(document: object, count: int) -> None:
    assert count_objects(document) == count
