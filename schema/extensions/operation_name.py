"""Documents with several operations."""

from collections.abc import Iterator

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension


class RequireOperationName(SchemaExtension):
    """Requires operationName where a document has several operations; Strawberry would run the first."""

    def on_validate(self) -> Iterator[None]:
        document = self.execution_context.graphql_document
        definitions = document.definitions if document else ()
        count = sum(isinstance(node, OperationDefinitionNode) for node in definitions)
        if count > 1 and self.execution_context._provided_operation_name is None:
            raise GraphQLError("The document has several operations. Set operationName to the one to run.")
        yield
