"""The extensions of the schema, in order."""

from collections.abc import Callable

from graphql import FieldNode, GraphQLError, NoSchemaIntrospectionCustomRule, ValidationRule
from graphql.validation import ASTValidationRule
from strawberry.extensions import AddValidationRules, ParserCache, SchemaExtension, ValidationCache

from schema.extensions.cost_limit import CostLimit
from schema.extensions.limits import TokensLimit, VariablesLimit
from schema.extensions.manifest import Manifest
from schema.extensions.operation_name import RequireOperationName
from schema.extensions.persisted_queries import PersistedOperations
from schema.extensions.shape import shape_rule
from schema.extensions.telemetry import DetectOperation
from settings import Settings

CACHED_DOCUMENTS = 128


class NoServiceSdlRule(ValidationRule):
    """Rejects `_service { sdl }`, which reveals as much as introspection does."""

    def enter_field(self, node: FieldNode, *_: object) -> None:
        if node.name.value == "_service":
            self.report_error(GraphQLError("GraphQL introspection has been disabled.", node))


def build_extensions(settings: Settings, manifest: Manifest) -> list[Callable[[], SchemaExtension]]:
    """Build the factories of extensions, which are created per request."""
    # Rules are created once, since the cache of validations compares them.
    rules: list[type[ASTValidationRule]] = [
        shape_rule(max_depth=settings.max_query_depth, max_aliases=settings.max_query_aliases)
    ]
    if not settings.introspection:
        rules += [NoSchemaIntrospectionCustomRule, NoServiceSdlRule]
    max_cost = min(settings.max_query_cost, settings.cost_per_minute or settings.max_query_cost)
    return [
        DetectOperation,
        lambda: PersistedOperations(manifest, registered_only=settings.operations_registered_only),
        lambda: CostLimit(max_cost=max_cost, max_figures=settings.max_figures),
        lambda: VariablesLimit(max_objects=settings.max_variable_objects),
        lambda: TokensLimit(max_tokens=settings.max_query_tokens),
        lambda: AddValidationRules(rules),
        lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
        RequireOperationName,
    ]
