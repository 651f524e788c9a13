import pytest

from schema.extensions.limits import MAX_NESTING, DocumentSize, measure_values


@pytest.mark.parametrize(
    ("document", "objects", "values", "levels"),
    [
        (None, 0, 1, 0),
        ([], 0, 1, 1),
        ({}, 1, 0, 1),
        ({"a": [{}, {"b": {}}], "c": "text"}, 4, 2, 4),
        ([[[{}]]], 1, 3, 4),
        (["a"] * 9, 0, 10, 1),
    ],
)
def test_objects_values_and_levels_are_counted(document: object, objects: int, values: int, levels: int) -> None:
    assert measure_values(document) == DocumentSize(objects, values, levels)


def test_endless_nesting_is_not_followed_to_its_end() -> None:
    document: object = 1
    for _ in range(100_000):
        document = [document]
    assert measure_values(document).levels == MAX_NESTING + 1
    while isinstance(document, list):  # Python frees nested lists recursively
        document = document.pop()
