"""How Python enums become GraphQL enums, and the ones that are about more than trends."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from datasource.metadata.records import OrganizationLevel, WeekStartDay

EnumClass = TypeVar("EnumClass", bound=type[Enum])


def publish(enum: EnumClass, description: str, values: Mapping[str, str], *, name: str | None = None) -> EnumClass:
    """Make the enum a GraphQL enum, under its own name or the given one, with a description per value.

    Raises ValueError for a missing or surplus description.
    """
    if set(values) != set(enum.__members__):
        raise ValueError(f"{enum.__name__}: descriptions do not match the values")
    strawberry.enum(enum, name=name, description=description)
    definition: StrawberryEnumDefinition = getattr(enum, "__strawberry_definition__")  # noqa: B009 - set just above, unknown to type checkers
    for value in definition.values:
        value.description = values[value.name]
    return enum


publish(
    WeekStartDay,
    "The first day of the week.",
    {
        "SUNDAY": "Weeks run from Sunday to Saturday.",
        "MONDAY": "Weeks run from Monday to Sunday.",
        "TUESDAY": "Weeks run from Tuesday to Monday.",
        "WEDNESDAY": "Weeks run from Wednesday to Tuesday.",
        "THURSDAY": "Weeks run from Thursday to Wednesday.",
        "FRIDAY": "Weeks run from Friday to Thursday.",
        "SATURDAY": "Weeks run from Saturday to Friday.",
    },
)

publish(
    OrganizationLevel,
    "A member's level in an organization.",
    {
        "MEMBER": "Works with the organization's projects.",
        "ADMIN": "Also manages members and access.",
        "OWNER": "Also owns the organization.",
    },
)
