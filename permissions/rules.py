"""What a rule may be set to."""

from datasource.metadata.records import AccessLevel
from errors import BadUserInput
from permissions.resources import Resource


def check_level(resource: Resource, level: AccessLevel) -> None:
    """Raises BadUserInput at ("accessLevel",) for a level off the resource's ladder or beyond its bounds."""
    ladder = resource.ladder
    if level not in ladder:
        levels = ", ".join(each.value for each in ladder)
        raise BadUserInput(
            f"{level.value} is no access level of {resource.labels}; those are {levels}.", path=("accessLevel",)
        )
    if ladder.index(level) < ladder.index(resource.minimum):
        raise BadUserInput(
            f"{level.value} is below the minimum of {resource.labels}, which is {resource.minimum.value}.",
            path=("accessLevel",),
        )
    if ladder.index(level) > ladder.index(resource.maximum):
        raise BadUserInput(
            f"{level.value} is above the maximum of {resource.labels}, which is {resource.maximum.value}.",
            path=("accessLevel",),
        )
