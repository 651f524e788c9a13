"""The extensions of the schema, in order."""

from collections.abc import Callable

from graphql import FieldNode, GraphQLError, NoSchemaIntrospectionCustomRule, ValidationRule
from graphql.validation import ASTValidationRule
from strawberry.extensions import SchemaExtension

from schema.extensions.cost_limit import CostLimit
from schema.extensions.documents import CheckDocument, Documents
from schema.extensions.limits import VariablesLimit
from schema.extensions.manifest import Manifest
from schema.extensions.operation_name import RequireOperationName
from schema.extensions.persisted_queries import PersistedOperations
from schema.extensions.telemetry import DetectOperation
from settings import Settings


class NoServiceSdlRule(ValidationRule):
    """Rejects `_service { sdl }`, which reveals as much as introspection does."""

    def enter_field(self, node: FieldNode, *_: object) -> None:
        if node.name.value == "_service":
            self.report_error(GraphQLError("GraphQL introspection has been disabled.", node))


def build_extensions(settings: Settings, manifest: Manifest) -> list[Callable[[], SchemaExtension]]:
    """Build the factories of extensions, which are created per request."""
    rules: list[type[ASTValidationRule]] = []
    if not settings.introspection:
        rules = [NoSchemaIntrospectionCustomRule, NoServiceSdlRule]
    documents = Documents(settings, rules)
    max_cost = min(settings.max_query_cost, settings.cost_per_minute or settings.max_query_cost)
    return [
        DetectOperation,
        lambda: PersistedOperations(manifest, registered_only=settings.operations_registered_only),
        lambda: CostLimit(max_cost=max_cost, max_figures=settings.max_figures),
        lambda: VariablesLimit(
            max_objects=settings.max_variable_objects,
            max_values=settings.max_variable_values,
            keyless_divisor=settings.keyless_divisor,
        ),
        lambda: CheckDocument(documents),
        RequireOperationName,
    ]
