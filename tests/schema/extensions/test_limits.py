import pytest

from schema.extensions.limits import count_values


@pytest.mark.parametrize(
    ("document", "objects", "values"),
    [
        (None, 0, 1),
        ([], 0, 1),
        ({}, 1, 0),
        ({"a": [{}, {"b": {}}], "c": "text"}, 4, 2),
        ([[[{}]]], 1, 3),
        (["a"] * 9, 0, 10),
    ],
)
def test_objects_and_values_are_counted_at_every_level(document: object, objects: int, values: int) -> None:
    assert count_values(document) == (objects, values)
