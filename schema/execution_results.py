"""The results of operations and of each item of a stream, with errors as clients may see them."""

from typing import Any

from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from errors import BadUserInput
from schema.errors import present_errors

_INCOMPLETE = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)


def present_result(result: ExecutionResult, context: object) -> ExecutionResult:
    """Return the result with its errors presented; a PreExecutionError if nothing ran, not even for variables."""
    if not result.errors:
        return result
    # Strawberry reports an error of a subscription's guard as if the operation had not run.
    was_executed = not isinstance(result, PreExecutionError) or any(error.path for error in result.errors)
    errors = present_errors(
        result.errors, request_id=getattr(context, "request_id", "-"), was_executed=was_executed
    )
    extensions = result.extensions
    if len(errors) < len(result.errors):
        extensions = {**(extensions or {}), "omittedErrors": len(result.errors) - len(errors)}
    has_run = result.data is not None or any(error.path is not None for error in errors)
    kind = ExecutionResult if has_run else PreExecutionError
    return kind(data=result.data, errors=errors, extensions=extensions)


def rejected_result(error: Exception) -> PreExecutionError:
    """Return the result of an operation that never ran."""
    if not isinstance(error, GraphQLError):
        error = GraphQLError(str(error), original_error=error)
    return PreExecutionError(data=None, errors=[error])


def stream_result(result: Any) -> ExecutionResult:
    """Return an item of a stream; a request without a usable operation becomes a rejected result."""
    # Strawberry reports those by exceptions of its own. The other kinds of results are for incremental delivery,
    # which is switched off.
    for error in result.errors or ():
        if isinstance(error.original_error, _INCOMPLETE):
            return rejected_result(GraphQLError(error.message or "The request has no query."))
    complete: ExecutionResult = result
    return complete


def subscription_needs_stream() -> BadUserInput:
    """Return the error for a subscription that was sent as a query."""
    return BadUserInput(
        "Subscriptions are delivered as a stream.",
        hint="Send 'Accept: text/event-stream', or use a WebSocket with the subprotocol graphql-transport-ws.",
    )
