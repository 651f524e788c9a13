"""How errors look to clients, and to whoever reads the log."""

import logging
import re
from collections.abc import Iterable
from uuid import uuid4

from graphql import GraphQLError, GraphQLSyntaxError

from errors import ErrorCode, GatewayError

logger = logging.getLogger("trendgate.errors")

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
MASKED_MESSAGE = "Internal error"

_VARIABLE = re.compile(r"Variable '\$(?P<name>\w+)' has invalid value(?: at (?P<place>[\w.\[\]]+))?: ")
_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+)\]")


def present_errors(errors: Iterable[GraphQLError], *, request_id: str, was_executed: bool) -> list[GraphQLError]:
    """The errors as a client may see them, each with a code; logs them on the way.

    `was_executed` is False for a document that was refused before it ran.
    """
    return [_present(error, request_id, was_executed) for error in errors]


def describe(refusal: GatewayError) -> dict[str, object]:
    """The `extensions` of an expected refusal."""
    extensions: dict[str, object] = {**refusal.details, "code": str(refusal.code)}
    if refusal.hint is not None:
        extensions["hint"] = refusal.hint
    if refusal.path:
        extensions["path"] = list(refusal.path)
    return extensions


def mask(failure: BaseException, *, request_id: str) -> dict[str, object]:
    """The `extensions` of an unexpected failure. Its cause goes to the log alone, under the same id."""
    error_id = uuid4().hex
    logger.error("error %s in request %s", error_id, request_id, exc_info=failure)
    return {
        "code": str(ErrorCode.INTERNAL),
        "errorId": error_id,
        "hint": "The server's log has the cause under this id.",
    }


def _present(error: GraphQLError, request_id: str, was_executed: bool) -> GraphQLError:
    cause = _cause(error)
    if isinstance(cause, GatewayError):
        return _refuse(error, cause.message, describe(cause), request_id)
    if isinstance(error, GraphQLSyntaxError) or isinstance(cause, GraphQLSyntaxError):
        return _refuse(error, error.message, {"code": PARSE_FAILED}, request_id)
    if cause is None and not was_executed:
        return _refuse(error, error.message, {"code": VALIDATION_FAILED}, request_id)
    if cause is None or _is_about_input(error, cause):
        return _refuse(error, error.message, _describe_input(error), request_id)
    return _rewrite(error, MASKED_MESSAGE, mask(cause, request_id=request_id))


def _cause(error: GraphQLError) -> Exception | None:
    """The innermost reason: GraphQL wraps errors to add where they came up, sometimes more than once."""
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _describe_input(error: GraphQLError) -> dict[str, object]:
    extensions: dict[str, object] = {"code": str(ErrorCode.BAD_USER_INPUT)}
    # GraphQL tells the place within a variable in its message only.
    match = _VARIABLE.match(error.message)
    if match:
        steps = _STEP.finditer(match["place"] or "")
        extensions["path"] = [match["name"], *(step["name"] or int(step["index"]) for step in steps)]
    return extensions


def _is_about_input(error: GraphQLError, cause: Exception) -> bool:
    # Of GraphQL's own errors, those about variables come before any field is reached, and those about arguments
    # point at the document. What is left is about results, which is our fault.
    return isinstance(cause, GraphQLError) and (error.path is None or bool(cause.nodes))


def _refuse(error: GraphQLError, message: str, extensions: dict[str, object], request_id: str) -> GraphQLError:
    where = ".".join(map(str, error.path or ())) or "-"
    logger.info("refused %s at %s in request %s: %s", extensions["code"], where, request_id, message)
    return _rewrite(error, message, extensions)


def _rewrite(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
