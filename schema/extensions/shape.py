"""Limits on the shape of a document: its depth and its number of aliases."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)
from graphql.validation import ASTValidationContext, ASTValidationRule

from errors import ErrorCode, LimitExceeded

MAX_COUNT: Final = 2**53
"""Counts stop here, since nested fragments can stand for numbers with any number of digits."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The depth of nested selections, without introspection, and the number of aliases."""

    depth: int = 0
    aliases: int = 0


@dataclass(slots=True)
class ShapeMeasurer:
    """Measures the selections of one document."""

    document: DocumentNode
    _fragments: dict[str, FragmentDefinitionNode] = field(init=False)
    # Fragments are measured once: measured at every spread, nested ones would take exponential time.
    _measured: dict[str, Shape] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        definitions = self.document.definitions
        self._fragments = {
            each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)
        }

    def measure(self, selected: SelectionSetNode | None) -> Shape:
        """Measure the selections with their fragments inlined."""
        if selected is None:
            return Shape()
        shapes = [self._measure_node(node) for node in selected.selections]
        aliases = min(sum(each.aliases for each in shapes), MAX_COUNT)
        return Shape(max((each.depth for each in shapes), default=0), aliases)

    def _measure_node(self, node: SelectionNode) -> Shape:
        if isinstance(node, FragmentSpreadNode):
            return self._measure_fragment(node.name.value)
        inner = self.measure(getattr(node, "selection_set", None))
        if not isinstance(node, FieldNode):
            return inner
        if node.name.value.startswith("__"):
            return Shape(0, inner.aliases + bool(node.alias))
        return Shape(inner.depth + bool(node.selection_set), inner.aliases + bool(node.alias))

    def _measure_fragment(self, name: str) -> Shape:
        if name not in self._measured:
            # Ends the recursion of a fragment that spreads itself, which another rule reports.
            self._measured[name] = Shape()
            fragment = self._fragments.get(name)
            self._measured[name] = self.measure(fragment.selection_set if fragment else None)
        return self._measured[name]


def shape_rule(*, max_depth: int, max_aliases: int) -> type[ASTValidationRule]:
    """Create a validation rule that rejects documents over either limit."""

    class ShapeRule(ASTValidationRule):
        def __init__(self, context: ASTValidationContext) -> None:
            super().__init__(context)
            for error in _find_errors(context.document, max_depth, max_aliases):
                self.report_error(GraphQLError(error.message, original_error=error))

    return ShapeRule


def _find_errors(document: DocumentNode, max_depth: int, max_aliases: int) -> Iterator[LimitExceeded]:
    measurer = ShapeMeasurer(document)
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    shapes = [measurer.measure(each.selection_set) for each in operations]
    depth = max((each.depth for each in shapes), default=0)
    if depth > max_depth:
        yield LimitExceeded(
            ErrorCode.QUERY_TOO_EXPENSIVE,
            "The document is nested {actual} levels deep; the limit is {limit}.",
            limit=max_depth,
            actual=depth,
            unit="levels",
            hint="Split the request: query nested objects by their ids in a second one.",
        )
    aliases = sum(each.aliases for each in shapes)
    if aliases > max_aliases:
        yield LimitExceeded(
            ErrorCode.QUERY_TOO_EXPENSIVE,
            "The document has {actual:,} aliases; the limit is {limit:,}.",
            limit=max_aliases,
            actual=aliases,
            unit="aliases",
            hint="Send several requests.",
        )
