"""Results of operations, single ones and those of streams, as clients may see them."""

from typing import Any

from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from errors import BadUserInput
from schema.errors import present_errors

_INCOMPLETE = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)


def present(result: ExecutionResult, context: object) -> ExecutionResult:
    """The result with its errors presented. PreExecutionError means that nothing ran, variables included."""
    if not result.errors:
        return result
    # Strawberry takes the guard of a subscription for something that comes before it runs.
    was_executed = not isinstance(result, PreExecutionError) or any(error.path for error in result.errors)
    errors = present_errors(
        result.errors, request_id=getattr(context, "request_id", "-"), was_executed=was_executed
    )
    has_run = result.data is not None or any(error.path is not None for error in errors)
    kind = ExecutionResult if has_run else PreExecutionError
    return kind(data=result.data, errors=errors, extensions=result.extensions)


def refused(failure: Exception) -> PreExecutionError:
    """The result of an operation that never ran."""
    error = failure if isinstance(failure, GraphQLError) else GraphQLError(str(failure), original_error=failure)
    return PreExecutionError(data=None, errors=[error])


def translate(result: Any) -> ExecutionResult:
    """What a streamed request lacks, Strawberry tells by exceptions of its own: to clients these are refusals.

    There is no incremental delivery here, whose results would be of other kinds.
    """
    for error in result.errors or ():
        if isinstance(error.original_error, _INCOMPLETE):
            return refused(GraphQLError(error.message or "The request has no query."))
    complete: ExecutionResult = result
    return complete


def no_stream() -> BadUserInput:
    """The refusal of a subscription that was sent as a query is."""
    return BadUserInput(
        "A subscription is answered by a stream.",
        hint="Send 'Accept: text/event-stream', or use a WebSocket with the subprotocol graphql-transport-ws.",
    )
