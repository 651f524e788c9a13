"""The GraphQL schema."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from copy import copy
from functools import cache, cached_property
from typing import Any, Protocol, runtime_checkable

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
)
from strawberry.federation.schema import FederationAny
from strawberry.federation.schema_directives import RequiresScopes
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.name_converter import NameConverter
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.utils.str_converters import to_camel_case

from errors import BadUserInput
from resolvers.context import RequestContext
from schema.entity_references import check_representation_count, read_reference
from schema.execution_results import present_result, rejected_result, stream_result, subscription_needs_stream
from schema.extensions.build import build_extensions
from schema.extensions.executor import LeafListExecutor
from schema.extensions.manifest import check_manifest, open_manifest
from schema.extensions.telemetry import OperationRecorder, record_operation
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription
from settings import Settings

FEDERATION_VERSION = "2.9"

_camel_case = cache(to_camel_case)


class CachedNames(NameConverter):
    """Converts the name of each field once. Strawberry converts those of an input type for every request."""

    def apply_naming_config(self, name: str) -> str:
        return _camel_case(name)


@runtime_checkable
class OpensContexts(Protocol):
    """A connection that carries several operations, each with its own context."""

    async def open_context(self) -> RequestContext:
        """Authenticate again, and open a context with a new clock, loaders and limits."""
        ...


class GatewaySchema(strawberry.federation.Schema):
    """Strawberry's schema with the gateway's errors and checked entity references."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        service = self._schema.type_map["_Service"]
        assert isinstance(service, GraphQLObjectType)  # noqa: S101 - Strawberry's own
        service.fields["sdl"].resolve = lambda *_: self.sdl
        _drop_null_defaults(self._schema)
        _drop_scopes_of_interfaces(self._schema)

    @cached_property
    def sdl(self) -> str:
        """The SDL, which Strawberry would print again for every `_service`."""
        return print_schema(self)

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Do nothing: `execute` logs errors when it presents them, so that both have the same id."""

    async def execute(self, query: str | None, *args: Any, **kwargs: Any) -> ExecutionResult:
        """Execute a query or mutation; returns a PreExecutionError if nothing ran, not even for variables."""
        context = kwargs.get("context_value")
        _record_variables(context, kwargs.get("variable_values"))
        allowed = set(kwargs.get("allowed_operation_types") or OperationType)
        kwargs["allowed_operation_types"] = allowed - {OperationType.SUBSCRIPTION}
        with record_operation(query) as recorder:
            recorder.context = context
            result = present_result(await self._execute(query, *args, **kwargs), context)
            recorder.record_result(result)
            recorder.has_ended = True
            return result

    async def _execute(self, query: str | None, *args: Any, **kwargs: Any) -> ExecutionResult:
        try:
            result = await super().execute(query, *args, **kwargs)
        except CannotGetOperationTypeError as error:
            result = rejected_result(GraphQLError(error.as_http_error_reason()))
        except InvalidOperationTypeError as error:
            if error.operation_type is not OperationType.SUBSCRIPTION:
                raise
            result = rejected_result(subscription_needs_stream())
        return result

    async def stream(self, query: str | None, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        """Stream an operation; `context_value` may be a connection, which opens a context per operation."""
        return self._stream_presented(query, *args, **kwargs)

    async def _stream_presented(
        self, query: str | None, *args: Any, **kwargs: Any
    ) -> AsyncGenerator[ExecutionResult, None]:
        with record_operation(query) as recorder:
            async for result in self._stream_results(recorder, query, *args, **kwargs):
                presented = present_result(result, recorder.context)
                recorder.record_result(presented)
                yield presented
            recorder.has_ended = True

    async def _stream_results(
        self, recorder: OperationRecorder, query: str | None, *args: Any, **kwargs: Any
    ) -> AsyncGenerator[ExecutionResult, None]:
        recorder.context = context = kwargs.get("context_value")
        try:
            if isinstance(context, OpensContexts):
                kwargs["context_value"] = recorder.context = await context.open_context()
            _record_variables(recorder.context, kwargs.get("variable_values"))
            results = await super().stream(query, *args, **kwargs)
            async with aclosing(results):
                async for result in results:
                    yield stream_result(result)
        except Exception as error:  # raised by an extension, or by what opens contexts
            yield rejected_result(error)

    def entities_resolver(
        self, info: strawberry.Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """Resolve references, each to an entity or to an error at its position.

        Awaitable entities are awaited together, so that one load serves any number of references.
        """
        check_representation_count([*representations])
        return [self._resolve(info, item, index) for index, item in enumerate(representations)]

    def _resolve(self, info: strawberry.Info, representation: object, index: int) -> FederationAny:
        try:
            reference = read_reference(representation, index)
        except BadUserInput as error:
            return FederationAny(error)
        [entity] = super().entities_resolver(info, [FederationAny(reference)])
        return entity


def _record_variables(context: object, variables: Mapping[str, object] | None) -> None:
    if isinstance(context, RequestContext):
        context.raw_variables.update(variables or {})


def build_schema(
    settings: Settings, *, query: type = Query, mutation: type = Mutation, subscription: type = Subscription
) -> GatewaySchema:
    """Build the schema with the limits of these settings, which do not affect its SDL.

    The root types can be replaced by ones with more fields, for further registered resources. Raises BadUserInput
    for a manifest with operations that do not match the schema.
    """
    manifest = open_manifest(settings)
    schema = GatewaySchema(
        query=query,
        mutation=mutation,
        subscription=subscription,
        extensions=build_extensions(settings, manifest),
        execution_context_class=LeafListExecutor,
        config=StrawberryConfig(
            scalar_map=SCALARS,
            disable_field_suggestions=not settings.introspection,
            name_converter=CachedNames(),
        ),
        federation_version=FEDERATION_VERSION,
    )
    check_manifest(manifest, schema._schema)
    return schema


def print_sdl() -> str:
    """Print the SDL, which is committed as schema.graphql."""
    return build_schema(Settings(operations_manifest=None, operations_registered_only=False)).sdl + "\n"


def _drop_null_defaults(graphql_schema: GraphQLSchema) -> None:
    # Python needs a default for an optional argument. In GraphQL a nullable one is optional anyway, so `= null`
    # would only be noise.
    for graphql_type in graphql_schema.type_map.values():
        if isinstance(graphql_type, GraphQLInputObjectType):
            _drop_nulls(graphql_type.fields.values())
        elif isinstance(graphql_type, GraphQLObjectType | GraphQLInterfaceType):
            for graphql_field in graphql_type.fields.values():
                _drop_nulls(graphql_field.args.values())


def _drop_scopes_of_interfaces(graphql_schema: GraphQLSchema) -> None:
    # Composers reject @requiresScopes on fields of interfaces; the implementing types keep it.
    for graphql_type in graphql_schema.type_map.values():
        if isinstance(graphql_type, GraphQLInterfaceType):
            for graphql_field in graphql_type.fields.values():
                field = copy(graphql_field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF])
                field.directives = [each for each in field.directives if not isinstance(each, RequiresScopes)]
                graphql_field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF] = field


def _drop_nulls(inputs: Iterable[GraphQLArgument | GraphQLInputField]) -> None:
    for item in inputs:
        if item.default_value is None:
            item.default_value = Undefined
