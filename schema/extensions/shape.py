"""The shape of a document: what its limits count, measured in time linear to the number of selections."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    TokenKind,
)

MAX_COUNT: Final = 2**53
"""Counts stop here, since nested fragments can stand for numbers with any number of digits."""

_WHOLE_SCHEMAS: Final = ("__schema", "_service")
_WORDS: Final = (TokenKind.NAME, TokenKind.INT, TokenKind.FLOAT)
_Selections = tuple[SelectionSetNode, frozenset[str]]
"""Selections, and the names of the fragments around them."""
_Named = dict[str, list[tuple[FieldNode, frozenset[str]]]]
"""The fields at a place by response name, each with the fragments around it."""


@dataclass(slots=True)
class Shape:
    """What a document contains, with its fragments inlined.

    `selections` are fields and fragments; measuring stops at the limit. `repeats` is the greatest number of fields
    with one response name at one place, which validation compares with each other. `depth` is that of nested
    selections without introspection.
    """

    tokens: int
    definitions: int
    longest_word: int = 0
    selections: int = 0
    repeats: int = 0
    depth: int = 0
    aliases: int = 0
    schemas: int = 0
    introspection_aliases: int = 0
    is_introspection: bool = False
    """Whether the only operation is a query of nothing but introspection."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in the response, with all selections that are merged there."""

    merged: tuple[_Selections, ...]
    level: int = 0
    is_introspection: bool = False


@dataclass(slots=True)
class ShapeMeasurer:
    """Measures one document, until it has more than `max_selections`."""

    document: DocumentNode
    max_selections: int
    _shape: Shape = field(init=False)
    _fragments: dict[str, FragmentDefinitionNode] = field(init=False)
    _used: set[str] = field(init=False, default_factory=set)

    def measure(self) -> Shape:
        definitions = self.document.definitions
        fragments = [each for each in definitions if isinstance(each, FragmentDefinitionNode)]
        operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        self._fragments = {each.name.value: each for each in fragments}
        self._shape = Shape(self.document.token_count, len(definitions), max(_word_lengths(self.document)))
        for operation in operations:
            names = self._measure_from(operation.selection_set, frozenset())
            self._shape.is_introspection = (
                len(operations) == 1
                and operation.operation is OperationType.QUERY
                and all(name.startswith("__") for name in names)
            )
        # Validation compares the fields of fragments that no operation uses, too.
        for name in self._fragments.keys() - self._used:
            self._measure_from(self._fragments[name].selection_set, frozenset({name}))
        return self._shape

    def _measure_from(self, selected: SelectionSetNode, around: frozenset[str]) -> set[str]:
        """Measure these selections and all below; return the names of the fields among them."""
        root = _Place(((selected, around),))
        named = self._merge_fields(root)
        places = [*self._measure_fields(root, named)]
        while places and self._shape.selections <= self.max_selections:
            place = places.pop()
            places.extend(self._measure_fields(place, self._merge_fields(place)))
        return {node.name.value for fields in named.values() for node, _ in fields}

    def _measure_fields(self, place: _Place, named: _Named) -> Iterator[_Place]:
        shape = self._shape
        for fields in named.values():
            aliases = sum(node.alias is not None for node, _ in fields)
            shape.repeats = max(shape.repeats, len(fields))
            shape.aliases += aliases
            shape.introspection_aliases += aliases if place.is_introspection else 0
            if fields[0][0].name.value in _WHOLE_SCHEMAS:
                shape.schemas += len(fields)
            inner = tuple((node.selection_set, around) for node, around in fields if node.selection_set)
            if not inner:
                continue
            is_introspection = place.is_introspection or _is_introspection(fields[0][0].name.value)
            level = place.level + (not is_introspection)
            shape.depth = max(shape.depth, level)
            yield _Place(inner, level, is_introspection)

    def _merge_fields(self, place: _Place) -> _Named:
        named: _Named = {}
        pending, spread = [*reversed(place.merged)], set[str]()
        while pending:
            selected, around = pending.pop()
            for node in selected.selections:
                self._shape.selections += 1
                if self._shape.selections > self.max_selections:
                    return {}
                if isinstance(node, FieldNode):
                    response_name = node.alias.value if node.alias else node.name.value
                    named.setdefault(response_name, []).append((node, around))
                elif isinstance(node, FragmentSpreadNode):
                    name = node.name.value
                    # A fragment inside of itself is reported by another rule. Twice at one place, it counts once.
                    if name in self._fragments and name not in around and name not in spread:
                        spread.add(name)
                        pending.append((self._fragments[name].selection_set, around | {name}))
                else:
                    assert isinstance(node, InlineFragmentNode)  # noqa: S101 - the only other selection
                    pending.append((node.selection_set, around))
        self._used |= spread
        return named


def _is_introspection(field_name: str) -> bool:
    return field_name.startswith("__") or field_name == "_service"


def _word_lengths(document: DocumentNode) -> Iterator[int]:
    """The lengths of all names and numbers."""
    token = document.loc.start_token if document.loc else None
    yield 0
    while token is not None:
        if token.kind in _WORDS:
            yield len(token.value or "")
        token = token.next
