import pytest
from graphql import get_introspection_query, parse

from schema.extensions.shape import Shape, ShapeMeasurer

ROOM = 5_000


def shape_of(document: str, room: int = ROOM) -> Shape:
    return ShapeMeasurer(parse(document), room).measure()


@pytest.mark.parametrize(
    ("document", "depth", "aliases", "selections"),
    [
        ("{ a }", 0, 0, 1),
        ("{ a { b { c } } d }", 2, 0, 4),
        ("{ x: a { y: b } z: __typename }", 1, 3, 3),
        ("{ __schema { types { fields { name } } } }", 0, 0, 4),
        ("{ ... { a { b } } }", 1, 0, 3),
        ("{ ...f ...f } fragment f on Query { x: a { b } }", 1, 1, 4),
        ("{ p { ...f } q { ...f } } fragment f on P { x: a { b } }", 2, 2, 8),
        ("{ ...f } fragment f on Query { a { ...f } }", 1, 0, 3),
        ("{ ...f } fragment f on Query { a { b { ...g } } } fragment g on B { c { ...f } }", 3, 0, 6),
        ("{ ...unknown }", 0, 0, 1),
        ("query q { a } query r { b { c } }", 1, 0, 3),
        ("{ a } fragment unused on Query { b { c } }", 1, 0, 3),
    ],
)
def test_shape_includes_fragments(document: str, depth: int, aliases: int, selections: int) -> None:
    shape = shape_of(document)
    assert (shape.depth, shape.aliases, shape.selections) == (depth, aliases, selections)


@pytest.mark.parametrize(
    ("document", "repeats"),
    [
        ("{ a b }", 1),
        ("{ a a a b }", 3),
        ("{ a: b a: c }", 2),
        ("{ a { b } a { b } }", 2),
        ("{ a { b } c { b } }", 1),
        ("{ a { b b } a { ... { b } } }", 3),
        ("{ a ...f ...g } fragment f on Query { a } fragment g on Query { ...f a }", 3),
        ("{ x } fragment unused on Query { a a a a }", 4),
    ],
)
def test_repeats_are_the_fields_of_one_name_at_one_place(document: str, repeats: int) -> None:
    assert shape_of(document).repeats == repeats


@pytest.mark.parametrize(
    ("document", "is_introspection", "schemas", "aliases"),
    [
        (get_introspection_query(), True, 1, 0),
        ("{ __typename }", True, 0, 0),
        ("{ a: __schema { x: types { y: name } } }", True, 1, 2),
        (
            "{ ...f ...g } fragment f on Query { __schema { types { name } } } fragment g on Query { __typename }",
            True,
            1,
            0,
        ),
        ("{ __schema { types { name } } ... { b: __schema { types { name } } } }", True, 2, 0),
        ("{ __schema { types { name } } viewer { __typename } }", False, 1, 0),
        ("{ a: _service { sdl b: sdl } c: _service { sdl } }", False, 2, 1),
        ("{ ... { viewer { x: name } } }", False, 0, 0),
        ("mutation { __typename }", False, 0, 0),
        ("query a { __typename } query b { __typename }", False, 0, 0),
    ],
)
def test_introspection_is_recognized(document: str, is_introspection: bool, schemas: int, aliases: int) -> None:
    shape = shape_of(document)
    assert (shape.is_introspection, shape.schemas, shape.introspection_aliases) == (
        is_introspection,
        schemas,
        aliases,
    )


def test_definitions_tokens_and_words_are_counted() -> None:
    shape = shape_of('query named { f(n: 123456, s: "longer than a word") } fragment x on Q { a }')
    assert (shape.definitions, shape.tokens, shape.longest_word) == (2, 20, 8)
    assert shape_of(f"{{ f(n: {'9' * 5_000}) }}").longest_word == 5_000


def test_measuring_stops_at_the_limit() -> None:
    doubled = " ".join(f"fragment f{n} on P {{ a {{ ...f{n + 1} }} b {{ ...f{n + 1} }} }}" for n in range(80))
    shape = shape_of(f"{{ ...f0 }} {doubled} fragment f80 on P {{ x: a }}")
    assert ROOM < shape.selections < ROOM + 100


def test_fragments_that_only_spread_others_twice_count_once() -> None:
    doubled = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(80))
    shape = shape_of(f"{{ ...f0 }} {doubled} fragment f80 on Query {{ x: a }}")
    assert (shape.aliases, shape.selections) == (1, 162)


def test_a_long_chain_of_fragments_is_measured() -> None:
    chain = " ".join(f"fragment f{n} on Query {{ a {{ ...f{n + 1} }} }}" for n in range(900))
    shape = shape_of(f"{{ ...f0 }} {chain} fragment f900 on Query {{ x: a }}")
    assert (shape.depth, shape.aliases) == (900, 1)
