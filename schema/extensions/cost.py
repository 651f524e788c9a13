"""The maximum cost of an operation, added up from the declarations of its fields."""

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

from schema.extensions.shape import MAX_COUNT
from schema.field_costs import FieldCost, read_cost

_NO_SIZES: Final[Mapping[str, int]] = {}
_FragmentUse = tuple[str, str, tuple[tuple[str, int], ...]]
"""Name, type, and the sizes of the lists below, given by an argument of the field above."""


@dataclass(frozen=True, slots=True)
class OperationCost:
    """A cost, and the path of response keys to its most expensive part."""

    cost: int = 0
    most_expensive_path: tuple[str, ...] = ()


@dataclass(slots=True)
class CostCalculator:
    """Calculates the costs of operations of a valid document."""

    schema: GraphQLSchema
    document: DocumentNode
    variables: Mapping[str, object]
    _fragments: dict[str, FragmentDefinitionNode] = field(init=False)
    # A fragment is calculated once per type and list sizes: at every spread would take exponential time.
    _known: dict[_FragmentUse, OperationCost] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        definitions = self.document.definitions
        self._fragments = {
            each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)
        }

    def calculate(self, operation: OperationDefinitionNode) -> OperationCost:
        """Calculate what the operation costs with these variables and their defaults."""
        defaults = {
            each.variable.name.value: value_from_ast_untyped(each.default_value)
            for each in operation.variable_definitions or ()
            if each.default_value is not None
        }
        self.variables = {**defaults, **self.variables}
        root = self.schema.get_root_type(operation.operation)
        return OperationCost() if root is None else self._selections(operation.selection_set, root, _NO_SIZES)

    def _selections(
        self, selected: SelectionSetNode, on: GraphQLNamedType, sizes: Mapping[str, int]
    ) -> OperationCost:
        if is_object_type(on):
            return self._object(selected, on, sizes)
        # A value can be of any of the types: assume the most expensive.
        possible = self.schema.get_possible_types(on) if is_abstract_type(on) else ()
        costs = (self._object(selected, each, sizes) for each in possible)
        return max(costs, key=lambda each: each.cost, default=OperationCost())

    def _object(
        self, selected: SelectionSetNode, on: GraphQLObjectType, sizes: Mapping[str, int]
    ) -> OperationCost:
        total, most_expensive = 0, OperationCost()
        for node in selected.selections:
            if self._is_skipped(node.directives):
                continue
            if isinstance(node, FieldNode):
                part = self._field(node, on, sizes)
            elif isinstance(node, FragmentSpreadNode):
                part = self._fragment_spread(node.name.value, on, sizes)
            elif isinstance(node, InlineFragmentNode):
                part = self._fragment(node.selection_set, node, on, sizes)
            else:
                continue
            total += part.cost
            most_expensive = max(most_expensive, part, key=lambda each: each.cost)
        return OperationCost(min(total, MAX_COUNT), most_expensive.most_expensive_path)

    def _fragment_spread(self, name: str, on: GraphQLObjectType, sizes: Mapping[str, int]) -> OperationCost:
        key = (name, on.name, tuple(sizes.items()))
        if key not in self._known:
            fragment = self._fragments[name]
            self._known[key] = self._fragment(fragment.selection_set, fragment, on, sizes)
        return self._known[key]

    def _fragment(
        self,
        selected: SelectionSetNode,
        fragment: FragmentDefinitionNode | InlineFragmentNode,
        on: GraphQLObjectType,
        sizes: Mapping[str, int],
    ) -> OperationCost:
        condition = fragment.type_condition
        if condition is not None and condition.name.value != on.name:
            type_ = self.schema.get_type(condition.name.value)
            if not is_abstract_type(type_) or not self.schema.is_sub_type(type_, on):
                return OperationCost()
        return self._object(selected, on, sizes)

    def _field(self, node: FieldNode, on: GraphQLObjectType, sizes: Mapping[str, int]) -> OperationCost:
        name = node.name.value
        definition = on.fields.get(name)
        if definition is None:  # introspection, which has its own setting
            return OperationCost()
        declared = read_cost(definition)
        size = self._size(node, definition, declared)
        times = sizes.get(name, 1 if size is None else size) if declared.is_list else 1
        inner = dict.fromkeys(declared.sized_fields, size or 0) if declared.sized_fields else _NO_SIZES
        part = OperationCost()
        if node.selection_set is not None:
            part = self._selections(node.selection_set, get_named_type(definition.type), inner)
        response_key = node.alias.value if node.alias else name
        return OperationCost(
            min(times * (declared.weight + part.cost), MAX_COUNT), (response_key, *part.most_expensive_path)
        )

    def _size(self, node: FieldNode, definition: GraphQLField, declared: FieldCost) -> int | None:
        if node.name.value == "_entities":  # declared by Strawberry, so without a size
            listed = self._argument(node, definition, "representations")
            return len(listed) if isinstance(listed, list) else 1
        given = [self._argument(node, definition, name) for name in declared.slicing_arguments]
        sizes = [int(each) for each in given if isinstance(each, int | float) and abs(each) < MAX_COUNT]
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
