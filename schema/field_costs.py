"""Declarations of what fields cost, printed into the SDL and enforced by schema/extensions/cost_limit.py."""

from dataclasses import dataclass
from typing import Final

from graphql import GraphQLField, GraphQLList, get_named_type, get_nullable_type, is_composite_type
from strawberry import UNSET
from strawberry.federation.schema_directives import Cost, ListSize
from strawberry.schema.schema_converter import GraphQLCoreConverter

READS_EVENTS: Final = (Cost(weight=10),)
"""For fields that read events from ClickHouse: the cost of ten objects."""


def connection_size(size: int = 50, *, weight: int | None = None) -> tuple[object, ...]:
    """For a field that returns a Connection; `size` is the default of its argument `first`."""
    listed = ListSize(
        slicing_arguments=["first"], sized_fields=["edges"], assumed_size=size, require_one_slicing_argument=False
    )
    return (listed,) if weight is None else (Cost(weight=weight), listed)


def sliced_list(size: int) -> tuple[object, ...]:
    """For a list of at most `first` items; `size` is the default of `first`."""
    return (
        ListSize(
            slicing_arguments=["first"], sized_fields=UNSET, assumed_size=size, require_one_slicing_argument=False
        ),
    )


def assumed_size(size: int) -> tuple[object, ...]:
    """For a list without a size argument: the length to assume."""
    return (
        ListSize(
            slicing_arguments=UNSET, sized_fields=UNSET, assumed_size=size, require_one_slicing_argument=UNSET
        ),
    )


@dataclass(frozen=True, slots=True)
class FieldCost:
    """The declared cost of a field. `weight` is the cost of each value, without its selected fields."""

    weight: int
    is_list: bool
    assumed_size: int | None = None
    slicing_arguments: tuple[str, ...] = ()
    sized_fields: tuple[str, ...] = ()

    @property
    def is_bounded(self) -> bool:
        """Whether the number of values is declared."""
        return self.assumed_size is not None or bool(self.slicing_arguments)


def read_cost(field: GraphQLField) -> FieldCost:
    """Read the declared cost; by default an object costs 1, and any other value nothing."""
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    directives = () if definition is None else tuple(definition.directives or ())
    weight = next((each.weight for each in directives if isinstance(each, Cost)), None)
    size = next((each for each in directives if isinstance(each, ListSize)), None)
    if weight is None:
        weight = 1 if is_composite_type(get_named_type(field.type)) else 0
    is_list = isinstance(get_nullable_type(field.type), GraphQLList)
    if size is None:
        return FieldCost(weight, is_list)
    return FieldCost(
        weight, is_list, size.assumed_size, tuple(size.slicing_arguments or ()), tuple(size.sized_fields or ())
    )
