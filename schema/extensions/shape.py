"""Bounds on the shape of a document. Fragments are measured once, however often they are spread."""

from collections.abc import Callable
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

MOST: Final = 2**53
"""Counting ends here: fragments in fragments can stand for numbers of any length."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How deep selections are nested, introspection left out, and how many aliases they have."""

    depth: int = 0
    aliases: int = 0


@dataclass(slots=True)
class Ruler:
    """Measures selections of one document; a fragment that spreads itself counts as nothing there."""

    document: DocumentNode
    _fragments: dict[str, FragmentDefinitionNode] = field(init=False)
    _known: dict[str, Shape] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        definitions = self.document.definitions
        self._fragments = {
            each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)
        }

    def measure(self, selected: SelectionSetNode | None) -> Shape:
        """The shape of these selections with all fragments in their place."""
        if selected is None:
            return Shape()
        shapes = [self._measure(node) for node in selected.selections]
        aliases = min(sum(each.aliases for each in shapes), MOST)
        return Shape(max((each.depth for each in shapes), default=0), aliases)

    def _measure(self, node: SelectionNode) -> Shape:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        inner = self.measure(getattr(node, "selection_set", None))
        if not isinstance(node, FieldNode):
            return inner
        if node.name.value.startswith("__"):
            return Shape(0, inner.aliases + bool(node.alias))
        return Shape(inner.depth + bool(node.selection_set), inner.aliases + bool(node.alias))

    def _fragment(self, name: str) -> Shape:
        if name not in self._known:
            self._known[name] = Shape()
            fragment = self._fragments.get(name)
            self._known[name] = self.measure(fragment.selection_set if fragment else None)
        return self._known[name]


def shape_rule(*, max_depth: int, max_aliases: int) -> type[ASTValidationRule]:
    """A validation rule that refuses documents of more than this."""

    class ShapeRule(ASTValidationRule):
        def __init__(self, context: ASTValidationContext) -> None:
            super().__init__(context)
            ruler = Ruler(context.document)
            operations = [
                each for each in context.document.definitions if isinstance(each, OperationDefinitionNode)
            ]
            shapes = [ruler.measure(each.selection_set) for each in operations]
            self._check(max((each.depth for each in shapes), default=0), max_depth, "levels", _too_deep)
            self._check(sum(each.aliases for each in shapes), max_aliases, "aliases", _too_many_aliases)

        def _check(
            self, actual: int, limit: int, unit: str, refuse: Callable[[int, int], tuple[str, str]]
        ) -> None:
            if actual > limit:
                message, hint = refuse(actual, limit)
                refusal = LimitExceeded(
                    ErrorCode.QUERY_TOO_EXPENSIVE, message, limit=limit, actual=actual, unit=unit, hint=hint
                )
                self.report_error(GraphQLError(message, original_error=refusal))

    return ShapeRule


def _too_deep(actual: int, limit: int) -> tuple[str, str]:
    message = f"The document is nested {actual} levels deep; {limit} are allowed."
    return message, "Ask for less at once: start again from the objects' ids in a second request."


def _too_many_aliases(actual: int, limit: int) -> tuple[str, str]:
    message = f"The document has {actual} aliases; {limit} are allowed."
    return message, "Send several requests."
