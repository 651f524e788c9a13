"""Tells of operations: to traces, and to whoever the request's context names."""

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

_UNREADABLE: Final = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)


class NotedOperation(SchemaExtension):
    """Writes into the request's context what the document that came is."""

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context.context
        operation = self._operation()
        if isinstance(context, RequestContext) and operation is not None:
            context.operation.kind = operation.operation.value
            context.operation.name = operation.name.value if operation.name else None
        yield

    def _operation(self) -> OperationDefinitionNode | None:
        document, wanted = self.execution_context.graphql_document, self.execution_context.operation_name
        found = [
            node
            for node in (document.definitions if document else ())
            if isinstance(node, OperationDefinitionNode)
            and (wanted is None or (node.name is not None and node.name.value == wanted))
        ]
        return found[0] if found else None


class Observation:
    """An operation under way: in which context, and what its client has been answered."""

    def __init__(self) -> None:
        self.context: object = None
        self.has_ended = False
        self._codes: list[str] = []

    def note(self, result: ExecutionResult) -> None:
        """One more answer, its errors as the client sees them."""
        self._codes += [str((error.extensions or {}).get("code")) for error in result.errors or ()]

    def fail(self, code: str) -> None:
        """It ends without an answer."""
        self._codes.append(code)

    @property
    def codes(self) -> tuple[str, ...]:
        """Those of all errors. Whoever ends it early cancels it."""
        return tuple(self._codes) if self.has_ended or self._codes else (str(ErrorCode.CANCELLED),)


@contextmanager
def observe(query: str | None) -> Iterator[Observation]:
    """One span and one report for an operation, none for single fields, of which a list can have thousands."""
    started = time.perf_counter()
    observation = Observation()
    with TRACER.start_as_current_span(
        "GraphQL operation", record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield observation
        except _UNREADABLE:
            observation.fail(VALIDATION_FAILED)
            raise
        except Exception:
            observation.fail(str(ErrorCode.INTERNAL))
            raise
        finally:
            context = observation.context
            if isinstance(context, RequestContext):
                report = _report(context, observation.codes, time.perf_counter() - started)
                _describe(span, report, query)
                context.report(report)


def _report(context: RequestContext, codes: tuple[str, ...], seconds: float) -> OperationReport:
    kind, name, origin = context.operation.kind, context.operation.name, REQUEST.get()
    if origin is None:
        return OperationReport(kind, name, codes, seconds)
    return OperationReport(kind, name, codes, seconds, origin.queries, origin.rows_read, tuple(origin.query_ids))


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
