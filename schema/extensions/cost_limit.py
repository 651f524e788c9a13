"""The limit on the cost of an operation."""

from collections.abc import Iterator
from datetime import UTC, datetime

from graphql import get_operation_ast
from strawberry.extensions import SchemaExtension

from errors import ErrorCode, LimitExceeded
from resolvers.context import RequestContext
from schema.extensions.cost import CostCalculator, OperationCost


class CostLimit(SchemaExtension):
    """Rejects valid operations that could cost too much, or more than their API key has left for this minute.

    A request with `"extensions": {"cost": true}` gets its cost in the response.
    """

    def __init__(self, *, max_cost: int, max_figures: int) -> None:
        self._max_cost = max_cost
        self._max_figures = max_figures
        self._cost: OperationCost | None = None

    def on_validate(self) -> Iterator[None]:
        yield
        execution = self.execution_context
        if execution.graphql_document is None or execution.pre_execution_errors:
            return
        operation = get_operation_ast(execution.graphql_document, execution._provided_operation_name)
        if operation is None:  # rejected when it is executed
            return
        # The cost depends on the variables, which validation rules and their cache do not see.
        context = execution.context
        is_request = isinstance(context, RequestContext)
        calculator = CostCalculator.of(
            execution.schema._schema,
            execution.graphql_document,
            execution.variables or {},
            now=context.now if is_request else datetime.now(UTC),
            max_figures=self._max_figures,
        )
        self._cost = calculator.calculate(operation)
        self._check(self._cost)
        if is_request:
            context.budget.pay(self._cost.cost)

    def get_results(self) -> dict[str, object]:
        is_requested = (self.execution_context.operation_extensions or {}).get("cost") is True
        if not is_requested or self._cost is None:
            return {}
        return {"cost": {"actual": self._cost.cost, "limit": self._max_cost}}

    def _check(self, cost: OperationCost) -> None:
        if cost.cost > self._max_cost:
            raise LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                "The request could cost up to {actual:,}; the limit is {limit:,}.",
                limit=self._max_cost,
                actual=cost.cost,
                unit="cost units",
                hint="Request smaller pages (first), fewer nested objects, or smaller trends.",
                details={"mostExpensivePath": list(cost.most_expensive_path)},
            )
