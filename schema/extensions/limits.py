"""Bounds on documents, checked before anything runs."""

from collections.abc import Callable, Iterator

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    ValidationRule,
    get_operation_ast,
)
from graphql.validation import ASTValidationRule
from strawberry.extensions import (
    AddValidationRules,
    ParserCache,
    SchemaExtension,
    ValidationCache,
)

from errors import ErrorCode, LimitExceeded
from resolvers.context import RequestContext
from schema.extensions.cost import Price, Pricing
from schema.extensions.manifest import Manifest
from schema.extensions.persisted_queries import PersistedOperations
from schema.extensions.rate_limit import Budgets
from schema.extensions.shape import shape_rule
from schema.extensions.telemetry import NotedOperation
from settings import Settings

CACHED_DOCUMENTS = 128


class NoServiceSdlRule(ValidationRule):
    """`_service { sdl }` tells as much as introspection does, so it goes with it."""

    def enter_field(self, node: FieldNode, *_: object) -> None:
        if node.name.value == "_service":
            self.report_error(GraphQLError("GraphQL introspection has been disabled.", node))


class VariablesLimit(SchemaExtension):
    """Refuses variables of very many objects before each of them is coerced, which takes long."""

    def __init__(self, *, max_objects: int) -> None:
        self._max_objects = max_objects

    def on_operation(self) -> Iterator[None]:
        count = count_objects(self.execution_context.variables)
        if count > self._max_objects:
            raise LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                f"The variables hold {count} objects; {self._max_objects} are allowed.",
                limit=self._max_objects,
                actual=count,
                unit="objects",
                hint="Several values for one property fit into one filter: give a list as its value.",
            )
        yield


def count_objects(document: object) -> int:
    """How many objects a JSON document holds, itself included."""
    count = 0
    pending = [document]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            count += 1
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return count


class TokensLimit(SchemaExtension):
    """Ends the parsing of a document that is too long, and says so with the other limits' code."""

    def __init__(self, *, max_tokens: int) -> None:
        self._max_tokens = max_tokens

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = self._max_tokens
        try:
            yield
        except GraphQLSyntaxError as failure:  # raised by the cache of parsed documents
            if f"more than {self._max_tokens} tokens" not in failure.message:
                raise
            raise LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                f"The document has more than {self._max_tokens} tokens.",
                limit=self._max_tokens,
                actual=None,
                unit="tokens",
                hint="Send several requests, and values as variables.",
            ) from failure


class CostLimit(SchemaExtension):
    """Refuses a valid operation that may cost too much, or more than its API key has left for this minute.

    A request with `"extensions": {"cost": true}` is told what it costs.
    """

    def __init__(self, *, max_cost: int, budgets: Budgets | None) -> None:
        self._max_cost = max_cost
        self._budgets = budgets
        self._price: Price | None = None

    def on_validate(self) -> Iterator[None]:
        yield
        asked = self.execution_context
        if asked.graphql_document is None or asked.pre_execution_errors:
            return
        operation = get_operation_ast(asked.graphql_document, asked._provided_operation_name)
        if operation is None:  # refused when it is to run
            return
        pricing = Pricing(asked.schema._schema, asked.graphql_document, asked.variables or {})
        self._price = pricing.price(operation)
        self._check(self._price)
        caller = asked.context.caller if isinstance(asked.context, RequestContext) else None
        if self._budgets is not None and caller is not None:
            self._budgets.spend(caller.key_id, self._price.cost, asked.context.now)

    def get_results(self) -> dict[str, object]:
        wants = (self.execution_context.operation_extensions or {}).get("cost") is True
        if not wants or self._price is None:
            return {}
        return {"cost": {"actual": self._price.cost, "limit": self._max_cost}}

    def _check(self, price: Price) -> None:
        if price.cost > self._max_cost:
            raise LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                f"The request may cost {price.cost}; {self._max_cost} is the limit.",
                limit=self._max_cost,
                actual=price.cost,
                unit="cost units",
                hint="Ask for smaller pages (first), or for less of each object.",
                details={"dearest": list(price.dearest)},
            )


class NamedOperation(SchemaExtension):
    """Refuses to guess which of several operations is meant; Strawberry would run the first."""

    def on_validate(self) -> Iterator[None]:
        document = self.execution_context.graphql_document
        operations = (
            []
            if document is None
            else [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        )
        if len(operations) > 1 and self.execution_context._provided_operation_name is None:
            raise GraphQLError("The document has several operations: operationName says which one to run.")
        yield


def build_extensions(settings: Settings, manifest: Manifest) -> list[Callable[[], SchemaExtension]]:
    """Factories, one extension per request. The rules are made once: the cache of validations compares them."""
    rules: list[type[ASTValidationRule]] = [
        shape_rule(max_depth=settings.max_query_depth, max_aliases=settings.max_query_aliases)
    ]
    if not settings.introspection:
        rules += [NoSchemaIntrospectionCustomRule, NoServiceSdlRule]
    budgets = Budgets(settings.cost_per_minute) if settings.cost_per_minute else None
    max_cost = min(settings.max_query_cost, settings.cost_per_minute or settings.max_query_cost)
    return [
        NotedOperation,
        lambda: PersistedOperations(manifest, registered_only=settings.operations_registered_only),
        lambda: CostLimit(max_cost=max_cost, budgets=budgets),
        lambda: VariablesLimit(max_objects=settings.max_variable_objects),
        lambda: TokensLimit(max_tokens=settings.max_query_tokens),
        lambda: AddValidationRules(rules),
        lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
        NamedOperation,
    ]
