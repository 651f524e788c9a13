import pytest
from graphql import OperationDefinitionNode, parse

from schema.extensions.shape import MAX_COUNT, Shape, ShapeMeasurer


def shape_of(document: str) -> Shape:
    parsed = parse(document)
    operation = parsed.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return ShapeMeasurer(parsed).measure(operation.selection_set)


@pytest.mark.parametrize(
    ("document", "depth", "aliases"),
    [
        ("{ a }", 0, 0),
        ("{ a { b { c } } d }", 2, 0),
        ("{ x: a { y: b } z: __typename }", 1, 3),
        ("{ __schema { types { fields { name } } } }", 0, 0),
        ("{ ... { a { b } } }", 1, 0),
        ("{ ...f ...f } fragment f on Query { x: a { b } }", 1, 2),
        ("{ ...f } fragment f on Query { a { ...f } }", 1, 0),
        ("{ ...unknown }", 0, 0),
    ],
)
def test_shape_includes_fragments_and_excludes_introspection(document: str, depth: int, aliases: int) -> None:
    assert shape_of(document) == Shape(depth, aliases)


def test_aliases_of_nested_fragments_are_capped() -> None:
    doubled = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(80))
    assert shape_of(f"{{ ...f0 }} {doubled} fragment f80 on Query {{ x: a }}").aliases == MAX_COUNT
