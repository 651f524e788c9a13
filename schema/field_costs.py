"""Declarations of what fields cost, printed into the SDL and enforced by schema/extensions/cost_limit.py."""

from dataclasses import dataclass
from typing import Final

from graphql import GraphQLField, GraphQLList, get_named_type, get_nullable_type, is_composite_type
from strawberry import UNSET
from strawberry.federation.schema_directives import Cost, ListSize
from strawberry.schema.schema_converter import GraphQLCoreConverter

READS_EVENTS: Final = (Cost(weight=10),)
"""A field for which ClickHouse reads events: as dear as ten objects."""


def connection_size(size: int = 50, *, weight: int | None = None) -> tuple[object, ...]:
    """A field that answers a Connection; `size` is the default of its argument `first`."""
    listed = ListSize(
        slicing_arguments=["first"], sized_fields=["edges"], assumed_size=size, require_one_slicing_argument=False
    )
    return (listed,) if weight is None else (Cost(weight=weight), listed)


def sliced_list(size: int) -> tuple[object, ...]:
    """A list that is as long as its argument `first`, whose default is `size`."""
    return (
        ListSize(
            slicing_arguments=["first"], sized_fields=UNSET, assumed_size=size, require_one_slicing_argument=False
        ),
    )


def assumed_size(size: int) -> tuple[object, ...]:
    """A list without an argument, taken to be of this length."""
    return (
        ListSize(
            slicing_arguments=UNSET, sized_fields=UNSET, assumed_size=size, require_one_slicing_argument=UNSET
        ),
    )


@dataclass(frozen=True, slots=True)
class FieldCost:
    """The declarations of one field. `weight` is that of each value without what is selected of it."""

    weight: int
    is_list: bool
    assumed_size: int | None = None
    slicing_arguments: tuple[str, ...] = ()
    sized_fields: tuple[str, ...] = ()

    @property
    def is_bounded(self) -> bool:
        """Whether it says how many values there are."""
        return self.assumed_size is not None or bool(self.slicing_arguments)


def read_cost(field: GraphQLField) -> FieldCost:
    """What is declared; without a declaration an object costs 1 and any other value nothing."""
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
