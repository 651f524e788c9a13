"""Bounds on documents, checked before anything runs."""

from collections.abc import Callable

from graphql import FieldNode, GraphQLError, NoSchemaIntrospectionCustomRule, ValidationRule
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

from settings import Settings

CACHED_DOCUMENTS = 128


class NoServiceSdlRule(ValidationRule):
    """`_service { sdl }` tells as much as introspection does, so it goes with it."""

    def enter_field(self, node: FieldNode, *_: object) -> None:
        if node.name.value == "_service":
            self.report_error(GraphQLError("GraphQL introspection has been disabled.", node))


def build_extensions(settings: Settings) -> list[Callable[[], SchemaExtension]]:
    """Factories, one extension per request. The rules are made once: the cache of validations compares them."""
    rules: list[type[ASTValidationRule]] = [
        *QueryDepthLimiter(max_depth=settings.max_query_depth).validation_rules,
        *MaxAliasesLimiter(max_alias_count=settings.max_query_aliases).validation_rules,
    ]
    if not settings.introspection:
        rules += [NoSchemaIntrospectionCustomRule, NoServiceSdlRule]
    return [
        lambda: MaxTokensLimiter(max_token_count=settings.max_query_tokens),
        lambda: AddValidationRules(rules),
        lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
    ]
