"""How errors look to clients of GraphQL, and in the log."""

import logging
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final
from uuid import uuid4

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.utils.str_converters import to_camel_case

from errors import ErrorCode, GatewayError, Place, Speller, cut

logger = logging.getLogger("trendgate.errors")

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
MASKED_MESSAGE = "Internal error"
MAX_ERRORS: Final = 10
"""Errors of one result that are logged and returned."""
_MAX_LOCATIONS: Final = 10
_MAX_LENGTH: Final = 1_000
"""Characters of a message that is not the gateway's own."""

_PLACES: Mapping[Place, str] = {
    Place.PROJECTS: "The field projects lists the projects you can use.",
    Place.ACTIONS: "Project.actions lists the actions you can use.",
    Place.COHORTS: "Project.cohorts lists the cohorts you can use.",
    Place.INSIGHTS: "Project.insights lists the insights you can use.",
    Place.GROUP_TYPES: "Project.groupTypes lists the project's group types.",
    Place.MEMBERS: "Project.members lists the members.",
    Place.ROLES: "Project.roles lists the roles.",
    Place.SESSION_FIELDS: "Project.propertyDefinitions(type: SESSION) lists the fields.",
    Place.ACCESS_EXPLANATION: "The field viewer.can explains your access.",
    Place.CALCULATE_COHORT: "Calculate it with the mutation cohortCalculate.",
    Place.EXPORT: "The field csv returns the document itself.",
}
_VARIABLE = re.compile(r"Variable '\$(?P<name>\w+)' has invalid value(?: at (?P<place>[\w.\[\]]+))?: ")
_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+)\]")


class FieldSpeller:
    """Spells the domain's names as the fields, arguments and enum values of the schema."""

    def name(self, snake_case: str) -> str:
        return to_camel_case(snake_case)

    def choice(self, member: StrEnum) -> str:
        return member.name

    def place(self, place: Place) -> str:
        return _PLACES.get(place, place.value)


FIELDS = FieldSpeller()


def spell_path(path: Sequence[str | int]) -> list[str | int]:
    """The path with the schema's names."""
    return [to_camel_case(step) if isinstance(step, str) else step for step in path]


def present_errors(errors: Sequence[GraphQLError], *, request_id: str, was_executed: bool) -> list[GraphQLError]:
    """Log the first errors, and return them as clients may see them, each with a code.

    `was_executed` is False for a document that was rejected before it ran.
    """
    if len(errors) > MAX_ERRORS:
        logger.info("left out %d further errors of request %s", len(errors) - MAX_ERRORS, request_id)
    return [_present(error, request_id, was_executed) for error in errors[:MAX_ERRORS]]


def describe(error: GatewayError, speller: Speller = FIELDS) -> dict[str, object]:
    """The `extensions` of an expected error, all but its path."""
    extensions: dict[str, object] = {**error.details, "code": str(error.code)}
    hint = error.render_hint(speller)
    if hint is not None:
        extensions["hint"] = hint
    return extensions


def mask(failure: BaseException, *, request_id: str) -> dict[str, object]:
    """The `extensions` of an unexpected exception, which is logged under the same id."""
    error_id = uuid4().hex
    logger.error("error %s in request %s", error_id, request_id, exc_info=failure)
    return {
        "code": str(ErrorCode.INTERNAL),
        "errorId": error_id,
        "hint": "The server logged the cause under this id.",
    }


def _present(error: GraphQLError, request_id: str, was_executed: bool) -> GraphQLError:
    cause = _cause(error)
    if isinstance(cause, GatewayError):
        path = {"path": spell_path(cause.path)} if cause.path else {}
        return _reject(error, cause.render(FIELDS), {**describe(cause), **path}, request_id)
    message = cut(error.message, _MAX_LENGTH)
    if isinstance(error, GraphQLSyntaxError) or isinstance(cause, GraphQLSyntaxError):
        return _reject(error, message, {"code": PARSE_FAILED}, request_id)
    if cause is None and not was_executed:
        return _reject(error, message, {"code": VALIDATION_FAILED}, request_id)
    if cause is None or _is_about_input(error, cause):
        return _reject(error, message, _describe_input(error), request_id)
    return _rewrite(error, MASKED_MESSAGE, mask(cause, request_id=request_id))


def _cause(error: GraphQLError) -> Exception | None:
    # graphql-core wraps an error to add its position, sometimes more than once.
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _describe_input(error: GraphQLError) -> dict[str, object]:
    extensions: dict[str, object] = {"code": str(ErrorCode.BAD_USER_INPUT)}
    # graphql-core says only in its message which part of a variable is wrong.
    match = _VARIABLE.match(error.message)
    if match:
        steps = _STEP.finditer(match["place"] or "")
        extensions["path"] = [match["name"], *(step["name"] or int(step["index"]) for step in steps)]
    return extensions


def _is_about_input(error: GraphQLError, cause: Exception) -> bool:
    # Of graphql-core's own errors, those about variables come before any field is reached, and those about
    # arguments point at the document. The rest is about results, which is our fault.
    return isinstance(cause, GraphQLError) and (error.path is None or bool(cause.nodes))


def _reject(error: GraphQLError, message: str, extensions: dict[str, object], request_id: str) -> GraphQLError:
    where = ".".join(map(str, error.path or ())) or "-"
    logger.info("rejected %s at %s in request %s: %s", extensions["code"], where, request_id, message)
    return _rewrite(error, message, extensions)


def _rewrite(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    # Each location takes a pass over the document, and a rule may point to thousands of nodes.
    return GraphQLError(
        message,
        nodes=error.nodes[:_MAX_LOCATIONS] if error.nodes else None,
        source=error.source,
        positions=[*error.positions][:_MAX_LOCATIONS] if error.positions else None,
        path=error.path,
        extensions=extensions,
    )
