"""How much an operation may cost at most, added up from what its fields declare."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from graphql.utilities import value_from_ast_untyped

from schema.extensions.shape import MOST
from schema.field_costs import FieldCost, read_cost

_NONE: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True)
class Price:
    """A cost, and the path to the dearest part of what it is for, in response keys."""

    cost: int = 0
    dearest: tuple[str, ...] = ()


@dataclass(slots=True)
class Pricing:
    """Adds up one operation of a valid document. Fragments are looked at once per type they are used on."""

    schema: GraphQLSchema
    document: DocumentNode
    variables: Mapping[str, object]
    _fragments: dict[str, FragmentDefinitionNode] = field(init=False)
    _known: dict[tuple[str, str, tuple[tuple[str, int], ...]], Price] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        definitions = self.document.definitions
        self._fragments = {
            each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)
        }

    def price(self, operation: OperationDefinitionNode) -> Price:
        """What the operation costs with these variables, their defaults filled in."""
        defaults = {
            each.variable.name.value: value_from_ast_untyped(each.default_value)
            for each in operation.variable_definitions or ()
            if each.default_value is not None
        }
        self.variables = {**defaults, **self.variables}
        root = self.schema.get_root_type(operation.operation)
        return Price() if root is None else self._selections(operation.selection_set, root, _NONE)

    def _selections(self, selected: SelectionSetNode, on: GraphQLNamedType, sizes: Mapping[str, int]) -> Price:
        if is_object_type(on):
            return self._on_object(selected, on, sizes)
        # A value is of one of the types: the dearest of them.
        possible = self.schema.get_possible_types(on) if is_abstract_type(on) else ()
        prices = (self._on_object(selected, each, sizes) for each in possible)
        return max(prices, key=lambda each: each.cost, default=Price())

    def _on_object(self, selected: SelectionSetNode, on: GraphQLObjectType, sizes: Mapping[str, int]) -> Price:
        total, dearest = 0, Price()
        for node in selected.selections:
            if self._is_skipped(node.directives):
                continue
            if isinstance(node, FieldNode):
                price = self._field(node, on, sizes)
            elif isinstance(node, FragmentSpreadNode):
                price = self._fragment(node.name.value, on, sizes)
            elif isinstance(node, InlineFragmentNode):
                price = self._part(node.selection_set, node, on, sizes)
            else:
                continue
            total += price.cost
            dearest = max(dearest, price, key=lambda each: each.cost)
        return Price(min(total, MOST), dearest.dearest)

    def _fragment(self, name: str, on: GraphQLObjectType, sizes: Mapping[str, int]) -> Price:
        key = (name, on.name, tuple(sizes.items()))
        if key not in self._known:
            fragment = self._fragments[name]
            self._known[key] = self._part(fragment.selection_set, fragment, on, sizes)
        return self._known[key]

    def _part(
        self,
        selected: SelectionSetNode,
        fragment: FragmentDefinitionNode | InlineFragmentNode,
        on: GraphQLObjectType,
        sizes: Mapping[str, int],
    ) -> Price:
        condition = fragment.type_condition
        if condition is not None and condition.name.value != on.name:
            wanted = self.schema.get_type(condition.name.value)
            if not is_abstract_type(wanted) or not self.schema.is_sub_type(wanted, on):
                return Price()
        return self._on_object(selected, on, sizes)

    def _field(self, node: FieldNode, on: GraphQLObjectType, sizes: Mapping[str, int]) -> Price:
        name = node.name.value
        definition = on.fields.get(name)
        if definition is None:  # __typename, __schema: introspection has a switch of its own
            return Price()
        declared = read_cost(definition)
        size = self._size(node, definition, declared)
        times = sizes.get(name, 1 if size is None else size) if declared.is_list else 1
        inner = dict.fromkeys(declared.sized_fields, size or 0) if declared.sized_fields else _NONE
        part = Price()
        if node.selection_set is not None:
            part = self._selections(node.selection_set, get_named_type(definition.type), inner)
        response_key = node.alias.value if node.alias else name
        return Price(min(times * (declared.weight + part.cost), MOST), (response_key, *part.dearest))

    def _size(self, node: FieldNode, definition: GraphQLField, declared: FieldCost) -> int | None:
        if node.name.value == "_entities":  # the one list that Strawberry declares
            listed = self._argument(node, definition, "representations")
            return len(listed) if isinstance(listed, list) else 1
        given = [self._argument(node, definition, name) for name in declared.slicing_arguments]
        sizes = [int(each) for each in given if isinstance(each, int | float) and abs(each) < MOST]
        return max(0, *sizes) if sizes else declared.assumed_size

    def _argument(self, node: FieldNode, definition: GraphQLField, name: str) -> object:
        for given in node.arguments or ():
            if given.name.value == name:
                return value_from_ast_untyped(given.value, dict(self.variables))
        return definition.args[name].default_value

    def _is_skipped(self, directives: tuple[DirectiveNode, ...] | None) -> bool:
        for each in directives or ():
            if each.name.value in ("skip", "include"):
                (condition,) = each.arguments or ()
                if value_from_ast_untyped(condition.value, dict(self.variables)) is (each.name.value == "skip"):
                    return True
        return False
