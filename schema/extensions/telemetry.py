"""A span and a report for each operation."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Final

from graphql import OperationDefinitionNode
from opentelemetry.trace import Span, Status, StatusCode
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult

from errors import ErrorCode
from resolvers.context import RequestContext
from schema.errors import VALIDATION_FAILED
from telemetry.request import OK, REQUEST, UNKNOWN, OperationReport
from telemetry.tracing import TRACER

_INVALID_REQUEST: Final = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)


class DetectOperation(SchemaExtension):
    """Records the kind and name of the parsed operation in the request's context."""

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context.context
        operation = self._operation()
        if isinstance(context, RequestContext) and operation is not None:
            context.operation.kind = operation.operation.value
            context.operation.name = operation.name.value if operation.name else None
        yield

    def _operation(self) -> OperationDefinitionNode | None:
        document, name = self.execution_context.graphql_document, self.execution_context.operation_name
        candidates = (
            node
            for node in (document.definitions if document else ())
            if isinstance(node, OperationDefinitionNode)
            and (name is None or (node.name is not None and node.name.value == name))
        )
        return next(candidates, None)


class OperationRecorder:
    """Collects the error codes of a running operation, and its context once that is open."""

    def __init__(self) -> None:
        self.context: object = None
        self.has_ended = False
        self._codes: list[str] = []

    def record_result(self, result: ExecutionResult) -> None:
        """Record a result whose errors are presented."""
        self._codes += [str((error.extensions or {}).get("code")) for error in result.errors or ()]

    def record_error(self, code: str) -> None:
        """Record an error that ends the operation without a result."""
        self._codes.append(code)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of all errors; CANCELLED if the operation neither ended nor failed."""
        return tuple(self._codes) if self.has_ended or self._codes else (str(ErrorCode.CANCELLED),)


@contextmanager
def record_operation(query: str | None) -> Iterator[OperationRecorder]:
    """Create a span for an operation and report it when it ends."""
    started = time.perf_counter()
    recorder = OperationRecorder()
    # One span for the operation, none for fields, of which a list can have thousands.
    with TRACER.start_as_current_span(
        "GraphQL operation", record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield recorder
        except _INVALID_REQUEST:
            recorder.record_error(VALIDATION_FAILED)
            raise
        except Exception:
            recorder.record_error(str(ErrorCode.INTERNAL))
            raise
        finally:
            context = recorder.context
            if isinstance(context, RequestContext):
                report = _report(context, recorder.codes, time.perf_counter() - started)
                _describe(span, report, query)
                context.report(report)


def _report(context: RequestContext, codes: tuple[str, ...], seconds: float) -> OperationReport:
    kind, name, request = context.operation.kind, context.operation.name, REQUEST.get()
    if request is None:
        return OperationReport(kind, name, codes, seconds)
    return OperationReport(
        kind, name, codes, seconds, request.queries, request.rows_read, tuple(request.query_ids)
    )


def _describe(span: Span, report: OperationReport, query: str | None) -> None:
    if report.kind != UNKNOWN:
        span.update_name(report.kind)
        span.set_attribute("graphql.operation.type", report.kind)
    if report.name is not None:
        span.set_attribute("graphql.operation.name", report.name)
    if query is not None and span.is_recording():
        span.set_attribute("trendgate.document.sha256", sha256(query.encode()).hexdigest())
    if report.outcome != OK:
        span.set_attribute("error.type", report.outcome)
        span.set_status(Status(StatusCode.ERROR))
