"""Declarations of what fields cost, printed into the SDL and enforced by schema/extensions/cost_limit.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLList,
    get_named_type,
    get_nullable_type,
    is_composite_type,
)
from strawberry import UNSET
from strawberry.federation.schema_directives import Cost, ListSize
from strawberry.schema.schema_converter import GraphQLCoreConverter

from resolvers.budget import QUERY_COST

_REPEATS: Final = "repeats"

FREE: Final = (Cost(weight=0),)
SERIES_COST: Final = (Cost(weight=5),)
"""For a list of series: half of what a query costs, since directives count the list too."""
READS_EVENTS: Final = (Cost(weight=QUERY_COST),)
"""For what reads events from ClickHouse: the cost of ten objects."""


def connection_size(*, weight: int | None = None) -> tuple[object, ...]:
    """For a field that returns a Connection with at most `first` edges."""
    listed = ListSize(
        # Beside an argument with a default, assumedSize would have no effect, and Cosmo's composer rejects it.
        slicing_arguments=["first"],
        sized_fields=["edges"],
        assumed_size=UNSET,
        require_one_slicing_argument=False,
    )
    return (listed,) if weight is None else (Cost(weight=weight), listed)


def sliced_list() -> tuple[object, ...]:
    """For a list of at most `first` items."""
    return (
        ListSize(
            slicing_arguments=["first"], sized_fields=UNSET, assumed_size=UNSET, require_one_slicing_argument=False
        ),
    )


def assumed_size(size: int) -> tuple[object, ...]:
    """For a list without a size argument: the length to assume."""
    return (
        ListSize(
            slicing_arguments=UNSET, sized_fields=UNSET, assumed_size=size, require_one_slicing_argument=UNSET
        ),
    )


class Repeats(Enum):
    """What the values of a field in a trend are as many as; no directive can say it."""

    LINES = auto()
    BUCKETS = auto()
    FIGURES = auto()


def repeats(what: Repeats) -> Mapping[str, Repeats]:
    """For the metadata of a field whose size is that of the trend around it."""
    return {_REPEATS: what}


@dataclass(frozen=True, slots=True)
class FieldCost:
    """The declared cost of a field. `weight` is the cost of each value, without its selected fields.

    `default_size` is the number of values to expect of a request that gives none: the assumed size, or the default
    of the slicing argument.
    """

    weight: int
    is_list: bool
    default_size: int | None = None
    slicing_arguments: tuple[str, ...] = ()
    sized_fields: tuple[str, ...] = ()
    repeats: Repeats | None = None

    @property
    def is_bounded(self) -> bool:
        """Whether the number of values is declared."""
        return self.default_size is not None or bool(self.slicing_arguments)


def read_cost(field: GraphQLField) -> FieldCost:
    """Read the declared cost; by default an object costs 1, and any other value nothing."""
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    directives = () if definition is None else tuple(definition.directives or ())
    weight = next((each.weight for each in directives if isinstance(each, Cost)), None)
    size = next((each for each in directives if isinstance(each, ListSize)), None)
    if weight is None:
        weight = 1 if is_composite_type(get_named_type(field.type)) else 0
    is_list = isinstance(get_nullable_type(field.type), GraphQLList)
    repeated = None if definition is None else definition.metadata.get(_REPEATS)
    if size is None:
        return FieldCost(weight, is_list, repeats=repeated)
    slicing_arguments = tuple(size.slicing_arguments or ())
    sizes = (size.assumed_size, *(field.args[name].default_value for name in slicing_arguments))
    return FieldCost(
        weight,
        is_list,
        max((each for each in sizes if isinstance(each, int)), default=None),
        slicing_arguments,
        tuple(size.sized_fields or ()),
        repeated,
    )


def read_input_cost(definition: GraphQLArgument | GraphQLInputField) -> int | None:
    """Read the declared cost of an argument or of a field of an input."""
    declared = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    directives = () if declared is None else tuple(declared.directives or ())
    return next((each.weight for each in directives if isinstance(each, Cost)), None)
