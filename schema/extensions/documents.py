"""Parsing, checking and validating documents: once per text, and off the event loop."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import anyio.to_thread
import orjson
from anyio import CapacityLimiter
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    TokenKind,
    execute_sync,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import ASTValidationRule
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from errors import LimitExceeded
from schema.errors import MAX_ERRORS
from schema.extensions.document_cache import DocumentCache
from schema.extensions.document_limits import DocumentLimits, too_many_tokens
from schema.extensions.keyless import explain, is_keyless
from schema.extensions.shape import Shape, ShapeMeasurer
from settings import Settings

SHORT_LENGTH: Final = 500
"""Characters of a document that takes about as long as a change of threads."""
_BYTES_PER_TOKEN: Final = 800
_BYTES_PER_RESULT: Final = 4
"""Of memory, per byte of JSON."""

# The limits keep documents far below it. It is for the case that they miss a way to make this rule compare fields.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 200_000


@dataclass(frozen=True, slots=True)
class CheckedDocument:
    """A document within the limits; it is valid if it has no errors."""

    document: DocumentNode
    shape: Shape
    errors: Sequence[GraphQLError] = ()


class Documents:
    """Checks documents, and remembers the valid ones and the results of introspection.

    Invalid documents are not remembered: anyone can send any number of them.
    """

    def __init__(self, settings: Settings, rules: Sequence[type[ASTValidationRule]]) -> None:
        self._rules = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule, *rules)
        limits = DocumentLimits.of(settings)
        self._limits = {False: limits, True: limits.divided(settings.keyless_divisor)}
        half = settings.document_cache_bytes // 2
        self._documents = DocumentCache[CheckedDocument](half, half // settings.keyless_divisor)
        self._results = DocumentCache[ExecutionResult](half, half // settings.keyless_divisor)
        # One thread each. More would only take the interpreter from the event loop.
        self._limiters = {keyless: CapacityLimiter(1) for keyless in (False, True)}

    @property
    def cached_bytes(self) -> int:
        """Estimated bytes of memory in use."""
        return self._documents.size + self._results.size

    async def check(self, schema: GraphQLSchema, text: str, *, keyless: bool) -> CheckedDocument:
        """Parse and validate a document; raises GraphQLSyntaxError, or LimitExceeded before it takes long."""
        limits = self._limits[keyless]
        limits.check_text(text)
        checked = self._documents.find(text)
        if checked is not None:
            limits.check_shape(checked.shape)
            return checked
        if len(text) <= SHORT_LENGTH:
            checked = self._check(schema, text, limits)
        else:
            checked = await anyio.to_thread.run_sync(
                self._check, schema, text, limits, limiter=self._limiters[keyless]
            )
        if not checked.errors:
            size = len(text) + checked.shape.tokens * _BYTES_PER_TOKEN
            self._documents.store(text, checked, size, is_keyless=keyless)
        return checked

    async def introspect(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, object], *, keyless: bool
    ) -> ExecutionResult:
        """Execute a document of nothing but introspection, whose result depends only on its variables."""
        used = _used_variables(document, variables)
        # Comments and white space make no difference.
        key = (_join_tokens(document), orjson.dumps(used, default=str, option=orjson.OPT_SORT_KEYS))
        if (found := self._results.find(key)) is not None:
            return found
        async with self._limiters[keyless]:
            if (found := self._results.find(key)) is not None:  # another request has waited for the same
                return found
            result, size = await anyio.to_thread.run_sync(_introspect, schema, document, used)
        if not result.errors:
            self._results.store(key, result, size + len(key[0]) + len(key[1]), is_keyless=keyless)
        return result

    def _check(self, schema: GraphQLSchema, text: str, limits: DocumentLimits) -> CheckedDocument:
        try:
            document = parse(text, max_tokens=limits.tokens)
        except GraphQLSyntaxError as error:
            if f"more than {limits.tokens} tokens" in error.message:
                raise too_many_tokens(limits.tokens) from error
            raise
        shape = ShapeMeasurer(document, limits.selections).measure()
        limits.check_shape(shape)
        # The last error says that there are more.
        errors = validate(schema, document, self._rules, max_errors=MAX_ERRORS - 1)
        return CheckedDocument(document, shape, errors)


class CheckDocument(SchemaExtension):
    """Checks the document of an operation, and answers introspection from memory."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._checked: CheckedDocument | None = None

    async def on_parse(self) -> AsyncIterator[None]:
        execution = self.execution_context
        try:
            self._checked = await self._documents.check(
                execution.schema._schema, execution.query or "", keyless=is_keyless(execution.context)
            )
        except LimitExceeded as error:
            raise explain(error, execution.context) from error
        execution.graphql_document = self._checked.document
        yield

    async def on_validate(self) -> AsyncIterator[None]:
        if self._checked is not None:
            self.execution_context.pre_execution_errors = [*self._checked.errors]
        yield

    async def on_execute(self) -> AsyncIterator[None]:
        execution = self.execution_context
        if self._checked is not None and self._checked.shape.is_introspection:
            execution.result = await self._documents.introspect(
                execution.schema._schema,
                self._checked.document,
                execution.variables or {},
                keyless=is_keyless(execution.context),
            )
        yield


def _used_variables(document: DocumentNode, variables: Mapping[str, object]) -> dict[str, object]:
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    names = {each.variable.name.value for operation in operations for each in operation.variable_definitions or ()}
    return {name: value for name, value in variables.items() if name in names}


def _join_tokens(document: DocumentNode) -> str:
    parts, token = [], document.loc.start_token if document.loc else None
    while token is not None:
        if token.kind is not TokenKind.COMMENT:
            parts.append(f"{token.kind.value} {token.value or ''}")
        token = token.next
    return "\n".join(parts)


def _introspect(
    schema: GraphQLSchema, document: DocumentNode, variables: dict[str, object]
) -> tuple[ExecutionResult, int]:
    result = execute_sync(schema, document, variable_values=variables)
    return result, len(orjson.dumps(result.data)) * _BYTES_PER_RESULT
