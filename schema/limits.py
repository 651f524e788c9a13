"""Bounds on documents, checked before anything runs."""

from collections.abc import Callable, Iterator

from graphql import (
    FieldNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    ValidationRule,
)
from graphql.validation import ASTValidationRule
from strawberry.extensions import (
    AddValidationRules,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    ParserCache,
    QueryDepthLimiter,
    SchemaExtension,
    ValidationCache,
)

from errors import BadUserInput
from schema.manifest import Manifest
from schema.observation import NotedOperation
from schema.persisted import PersistedOperations
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
            raise BadUserInput(
                f"The variables hold {count} objects; {self._max_objects} are allowed.",
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
        *QueryDepthLimiter(max_depth=settings.max_query_depth).validation_rules,
        *MaxAliasesLimiter(max_alias_count=settings.max_query_aliases).validation_rules,
    ]
    if not settings.introspection:
        rules += [NoSchemaIntrospectionCustomRule, NoServiceSdlRule]
    return [
        NotedOperation,
        lambda: PersistedOperations(manifest, registered_only=settings.operations_registered_only),
        lambda: VariablesLimit(max_objects=settings.max_variable_objects),
        lambda: MaxTokensLimiter(max_token_count=settings.max_query_tokens),
        lambda: AddValidationRules(rules),
        lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
        NamedOperation,
    ]
