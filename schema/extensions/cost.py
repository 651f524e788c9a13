"""The maximum cost of an operation, added up from the declarations of its fields and the sizes of its trends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from graphql.utilities import value_from_ast_untyped

from resolvers.budget import FILTER_VALUE_POINTS, QUERY_COST, VALUES_PER_UNIT
from resolvers.trends.size import TrendSize
from schema.extensions.input_cost import score_input
from schema.extensions.shape import MAX_COUNT
from schema.extensions.trend_size import read_trend_size
from schema.field_costs import FieldCost, Repeats, read_cost, read_input_cost

_MAX_POINTS: Final = MAX_COUNT * VALUES_PER_UNIT


@dataclass(frozen=True, slots=True)
class Sizes:
    """What is known about the selections below a field: lists that its argument sizes, and the trend."""

    lists: tuple[str, ...] = ()
    items: int = 0
    trend: TrendSize | None = None


@dataclass(frozen=True, slots=True)
class OperationCost:
    """A cost, and the path of response keys to its most expensive part.

    Points are parts of a unit: a single value of a trend costs one.
    """

    points: int = 0
    most_expensive_path: tuple[str, ...] = ()

    @property
    def cost(self) -> int:
        return self.points // VALUES_PER_UNIT


@dataclass(slots=True)
class CostCalculator:
    """Calculates the costs of operations of a valid document."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, object]
    now: datetime
    max_figures: int
    # A fragment is calculated once per type and sizes: at every spread would take exponential time.
    _known: dict[tuple[str, str, Sizes], OperationCost] = field(init=False, default_factory=dict)
    # So is the value of a variable, which many fields may be given.
    _known_inputs: dict[tuple[str, str], int] = field(init=False, default_factory=dict)
    _known_sizes: dict[str, TrendSize] = field(init=False, default_factory=dict)

    @classmethod
    def of(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        variables: Mapping[str, object],
        *,
        now: datetime,
        max_figures: int,
    ) -> Self:
        """Create one for a document."""
        fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        return cls(schema, fragments, variables, now, max_figures)

    def calculate(self, operation: OperationDefinitionNode) -> OperationCost:
        """Calculate what the operation costs with these variables and their defaults."""
        self.variables = {**variable_defaults(operation), **self.variables}
        root = self.schema.get_root_type(operation.operation)
        return OperationCost() if root is None else self._selections(operation.selection_set, root, Sizes())

    def calculate_trend(self, nodes: Iterable[FieldNode], on: GraphQLObjectType, size: TrendSize) -> int:
        """Calculate what one value of a field with a trend costs, whose size is known by now."""
        return sum(self._field(node, on, Sizes(), size).points for node in nodes) // VALUES_PER_UNIT

    def _selections(self, selected: SelectionSetNode, on: GraphQLNamedType, sizes: Sizes) -> OperationCost:
        if is_object_type(on):
            return self._object(selected, on, sizes)
        # A value can be of any of the types: assume the most expensive.
        possible = self.schema.get_possible_types(on) if is_abstract_type(on) else ()
        costs = (self._object(selected, each, sizes) for each in possible)
        return max(costs, key=lambda each: each.points, default=OperationCost())

    def _object(self, selected: SelectionSetNode, on: GraphQLObjectType, sizes: Sizes) -> OperationCost:
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
            total += part.points
            most_expensive = max(most_expensive, part, key=lambda each: each.points)
        return OperationCost(min(total, _MAX_POINTS), most_expensive.most_expensive_path)

    def _fragment_spread(self, name: str, on: GraphQLObjectType, sizes: Sizes) -> OperationCost:
        key = (name, on.name, sizes)
        if key not in self._known:
            fragment = self.fragments[name]
            self._known[key] = self._fragment(fragment.selection_set, fragment, on, sizes)
        return self._known[key]

    def _fragment(
        self,
        selected: SelectionSetNode,
        fragment: FragmentDefinitionNode | InlineFragmentNode,
        on: GraphQLObjectType,
        sizes: Sizes,
    ) -> OperationCost:
        condition = fragment.type_condition
        if condition is not None and condition.name.value != on.name:
            type_ = self.schema.get_type(condition.name.value)
            if not is_abstract_type(type_) or not self.schema.is_sub_type(type_, on):
                return OperationCost()
        return self._object(selected, on, sizes)

    def _field(
        self, node: FieldNode, on: GraphQLObjectType, sizes: Sizes, trend: TrendSize | None = None
    ) -> OperationCost:
        name = node.name.value
        definition = on.fields.get(name)
        if definition is None:  # introspection, which has its own setting
            return OperationCost()
        declared = read_cost(definition)
        trend = trend or self._trend_size(node, definition)
        size = self._size(node, definition, declared)
        items = 1
        if declared.is_list:
            items = sizes.items if name in sizes.lists else 1 if size is None else size
        if declared.repeats is Repeats.LINES and sizes.trend is not None:
            items = sizes.trend.lines
        inner = Sizes(declared.sized_fields, size or 0, trend or sizes.trend)
        part = OperationCost()
        if node.selection_set is not None:
            part = self._selections(node.selection_set, get_named_type(definition.type), inner)
        own = declared.weight * VALUES_PER_UNIT + _values(declared, sizes.trend)
        given = self._inputs(node, definition) * VALUES_PER_UNIT
        if trend is not None:  # directives count series, but neither periods nor values
            given = max(given, trend.statements * QUERY_COST * VALUES_PER_UNIT - own)
            given += trend.figures + trend.filter_values * FILTER_VALUE_POINTS
        response_key = node.alias.value if node.alias else name
        return OperationCost(
            min(items * (own + part.points) + given, _MAX_POINTS), (response_key, *part.most_expensive_path)
        )

    def _trend_size(self, node: FieldNode, definition: GraphQLField) -> TrendSize | None:
        """Measure the trend of a field that has a trend query as an argument."""
        for each in node.arguments or ():
            argument = definition.args[each.name.value]
            if get_named_type(argument.type).name == "TrendQueryInput":
                variable = each.value.name.value if isinstance(each.value, VariableNode) else None
                if variable is not None and variable in self._known_sizes:
                    return self._known_sizes[variable]
                size = read_trend_size(self._argument(node, definition, each.name.value), self.now)
                size = size.within(self.max_figures)
                if variable is not None:
                    self._known_sizes[variable] = size
                return size
        return None

    def _inputs(self, node: FieldNode, definition: GraphQLField) -> int:
        """Add up the costs of the arguments."""
        return sum(self._input(node, definition, each) for each in node.arguments or ())

    def _input(self, node: FieldNode, definition: GraphQLField, given: ArgumentNode) -> int:
        argument = definition.args[given.name.value]
        type_ = get_named_type(argument.type)
        if not isinstance(type_, GraphQLInputObjectType) and read_input_cost(argument) is None:
            return 0
        key = (given.value.name.value, type_.name) if isinstance(given.value, VariableNode) else None
        if key is not None and key in self._known_inputs:
            return self._known_inputs[key]
        cost = score_input(self._argument(node, definition, given.name.value), argument)
        if key is not None:
            self._known_inputs[key] = cost
        return cost

    def _size(self, node: FieldNode, definition: GraphQLField, declared: FieldCost) -> int | None:
        if node.name.value == "_entities":  # declared by Strawberry, so without a size
            listed = self._argument(node, definition, "representations")
            return len(listed) if isinstance(listed, list) else 1
        given = [self._argument(node, definition, name) for name in declared.slicing_arguments]
        sizes = [int(each) for each in given if isinstance(each, int | float) and abs(each) < MAX_COUNT]
        return max(0, *sizes) if sizes else declared.default_size

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


def variable_defaults(operation: OperationDefinitionNode) -> dict[str, object]:
    """Return the values of variables that need not be sent."""
    return {
        each.variable.name.value: value_from_ast_untyped(each.default_value)
        for each in operation.variable_definitions or ()
        if each.default_value is not None
    }


def _values(declared: FieldCost, trend: TrendSize | None) -> int:
    """Return how many values of the trend a field writes."""
    if trend is None or declared.repeats is None or declared.repeats is Repeats.LINES:
        return 0
    return trend.buckets if declared.repeats is Repeats.BUCKETS else trend.values
