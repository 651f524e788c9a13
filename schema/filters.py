"""Property filters: the inputs, their conversion for the compiler, and the stored form."""

from typing import Self

import strawberry

import schema.filter_enums  # noqa: F401 - publishes the enums of filters, before their first use
from errors import BadUserInput
from resolvers.trends.input_sizes import check_value
from resolvers.trends.query import (
    FilterGroup,
    FilterValue,
    InputPath,
    LogicalOperator,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
)
from schema.input_checks import check_group_type, check_key
from schema.scalars import PropertyValue

MAX_NESTING = 20


@strawberry.input(name="PropertyFilterInput", description="A condition on a property.")
class PropertyFilterInput:
    key: str = strawberry.field(
        default="", description="The property's key or, for HOGQL, a boolean expression. Not needed for COHORT."
    )
    value: PropertyValue | None = strawberry.field(
        default=None, description="The value to compare with. An empty list matches everything."
    )
    operator: PropertyOperator = strawberry.field(
        default=PropertyOperator.EXACT, description="How the property is compared with the value."
    )
    type: PropertyType = strawberry.field(
        default=PropertyType.EVENT, description="Where the property is read from."
    )
    group_type_index: int | None = strawberry.field(
        default=None, description="For GROUP: the index of the group type, from 0 to 4."
    )

    def read(self, path: InputPath) -> PropertyFilter:
        """Convert the input; raises BadUserInput below `path`."""
        if self.type is not PropertyType.COHORT:
            check_key(self.key, (*path, "key"), is_expression=self.type is PropertyType.HOGQL)
        check_group_type(
            self.group_type_index,
            (*path, "group_type_index"),
            is_group=self.type is PropertyType.GROUP,
        )
        value: FilterValue = self.value  # type: ignore[assignment]  # read_property_value made it one
        read = PropertyFilter(
            key=self.key,
            value=value,
            operator=self.operator,
            type=self.type,
            group_type_index=self.group_type_index,
            path=path,
        )
        check_value(read)
        return read


@strawberry.input(
    name="PropertyGroupInput", description="Conditions combined with AND or OR, nested up to 20 levels deep."
)
class PropertyGroupInput:
    type: LogicalOperator = strawberry.field(
        default=LogicalOperator.AND, description="How the filters and groups are combined."
    )
    filters: list[PropertyFilterInput] = strawberry.field(
        default_factory=list, description="The conditions in this group."
    )
    groups: list["PropertyGroupInput"] = strawberry.field(
        default_factory=list, description="Nested groups. An empty group matches everything."
    )

    def read(self, path: InputPath, *, depth: int = 1) -> FilterGroup:
        """Convert the input; raises BadUserInput below `path`."""
        if depth > MAX_NESTING:
            raise BadUserInput(
                "Filter groups are nested more than {limit} levels deep.",
                limit=MAX_NESTING,
                path=path,
                hint="Merge nested groups that have the same operator.",
            )
        filters = (item.read((*path, "filters", index)) for index, item in enumerate(self.filters))
        groups = (group.read((*path, "groups", index), depth=depth + 1) for index, group in enumerate(self.groups))
        return FilterGroup(self.type, (*filters, *groups))

    def count(self, *, depth: int = 1) -> int:
        """Count the filters, down to the deepest level that `read` accepts."""
        nested = self.groups if depth < MAX_NESTING else ()
        return len(self.filters) + sum(group.count(depth=depth + 1) for group in nested)


def read_filters(
    properties: list[PropertyFilterInput], group: PropertyGroupInput | None, path: InputPath
) -> FilterGroup:
    """Combine the list and the group with AND."""
    listed = tuple(item.read((*path, "properties", index)) for index, item in enumerate(properties))
    grouped = (group.read((*path, "property_group")),) if group else ()
    return FilterGroup(LogicalOperator.AND, (*listed, *grouped))


def count_filters(properties: list[PropertyFilterInput], group: PropertyGroupInput | None) -> int:
    return len(properties) + (group.count() if group else 0)


@strawberry.type(name="PropertyFilter", description="A stored condition on a property.")
class StoredPropertyFilter:
    key: str = strawberry.field(description="The property's key or, for HOGQL, a boolean expression.")
    value: PropertyValue | None = strawberry.field(description="The value to compare with.")
    operator: PropertyOperator = strawberry.field(description="How the property is compared with the value.")
    type: PropertyType = strawberry.field(description="Where the property is read from.")
    group_type_index: int | None = strawberry.field(description="For GROUP: the index of the group type.")

    @classmethod
    def from_filter(cls, item: PropertyFilter) -> Self:
        return cls(
            key=item.key,
            value=None if item.value is None else PropertyValue(item.value),
            operator=item.operator,
            type=item.type,
            group_type_index=item.group_type_index,
        )
