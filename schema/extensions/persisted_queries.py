"""Operations that clients identify by a hash or an id: automatic persisted queries and registered operations."""

from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NoReturn

from strawberry.extensions import SchemaExtension

from datasource.cache.persisted_queries import PersistedQueries, hash_operation, is_hash
from errors import BadUserInput, ErrorCode, GatewayError
from resolvers.context import RequestContext
from schema.extensions.manifest import Manifest

DOCUMENT_ID = "documentId"
"""The extension that holds the `documentId` of a request, which clients send as a member of its own."""
WEBSOCKET_EXTENSIONS: ContextVar[object] = ContextVar("websocket_extensions", default=None)
"""The extensions of an operation over a WebSocket, which Strawberry does not pass on."""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class OperationId:
    """The id of an operation; `is_automatic` if the client may send the document with it."""

    id: str
    is_automatic: bool


class PersistedOperations(SchemaExtension):
    """Finds the document of an operation id, and stores documents that are sent with their hash.

    With `registered_only` nothing runs but the operations of the manifest, by their ids.
    """

    def __init__(self, manifest: Manifest, *, registered_only: bool) -> None:
        self._manifest = manifest
        self._registered_only = registered_only
        self._document_to_store: str | None = None

    async def on_operation(self) -> AsyncIterator[None]:
        execution = self.execution_context
        operation_id = read_operation_id(execution.operation_extensions or WEBSOCKET_EXTENSIONS.get())
        execution.query = await self._find(operation_id, execution.query or None)
        yield

    async def on_validate(self) -> AsyncIterator[None]:
        yield
        store = self._store
        if (
            self._document_to_store is not None
            and store is not None
            and not self.execution_context.pre_execution_errors
        ):
            await store.store(self._document_to_store)

    async def _find(self, operation_id: OperationId | None, document: str | None) -> str | None:
        registered = self._manifest.find(operation_id.id) if operation_id else None
        if registered is not None:
            if document is not None and document != registered:
                _reject_document(operation_id)
            return registered
        if self._registered_only:
            raise _not_registered(operation_id)
        if operation_id is None:
            return document
        if document is None:
            return await self._load(operation_id)
        self._check_hash(operation_id, document)
        return document

    async def _load(self, operation_id: OperationId) -> str:
        sha256 = operation_id.id.removeprefix("sha256:").lower()
        store = self._store
        if store is None:
            raise GatewayError(ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED, "PersistedQueryNotSupported")
        document = await store.find(sha256) if is_hash(sha256) else None
        if document is None:
            hint = "Send the query with its hash in extensions.persistedQuery."
            raise GatewayError(
                ErrorCode.PERSISTED_QUERY_NOT_FOUND,
                "PersistedQueryNotFound",
                hint=hint if operation_id.is_automatic else None,
            )
        return document

    def _check_hash(self, operation_id: OperationId, document: str) -> None:
        if not operation_id.is_automatic or hash_operation(document) != operation_id.id.lower():
            _reject_document(operation_id)
        context = self.execution_context.context
        # Only callers with a key may use the storage, and only for documents that prove to be valid.
        if isinstance(context, RequestContext) and context.caller is not None:
            self._document_to_store = document

    @property
    def _store(self) -> PersistedQueries | None:
        context = self.execution_context.context
        return context.stores.persisted_queries if isinstance(context, RequestContext) else None


def read_operation_id(extensions: object) -> OperationId | None:
    """Read the id from a request's extensions; raise BadUserInput if it is malformed or of another version."""
    extensions = extensions or {}
    if not isinstance(extensions, dict):
        raise BadUserInput("extensions must be an object.", path=("extensions",))
    if DOCUMENT_ID in extensions:
        return OperationId(_read_id(extensions[DOCUMENT_ID], DOCUMENT_ID), is_automatic=False)
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    path = ("extensions", "persistedQuery")
    if not isinstance(persisted, dict):
        raise BadUserInput("persistedQuery must be an object.", path=path)
    if persisted.get("version") != _VERSION:
        raise BadUserInput(
            "The version of persistedQuery must be {version}.", version=_VERSION, path=(*path, "version")
        )
    return OperationId(_read_id(persisted.get("sha256Hash"), *path, "sha256Hash"), is_automatic=True)


def _read_id(value: object, *path: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadUserInput("{member} must be a non-empty string.", member=path[-1], path=path)
    return value


def _reject_document(operation_id: OperationId | None) -> NoReturn:
    if operation_id and operation_id.is_automatic:
        raise BadUserInput(
            "sha256Hash is not the hash of the query.",
            path=("extensions", "persistedQuery", "sha256Hash"),
            hint="Send the SHA-256 of the query in UTF-8, as hexadecimal digits.",
        )
    raise BadUserInput("Send either a query or a documentId, not both.", path=(DOCUMENT_ID,))


def _not_registered(operation_id: OperationId | None) -> GatewayError:
    hint = "This gateway runs only the operations of its manifest, by their ids."
    if operation_id is None:
        return GatewayError(ErrorCode.PERSISTED_QUERY_ID_REQUIRED, "An operation id is required.", hint=hint)
    return GatewayError(ErrorCode.PERSISTED_QUERY_NOT_IN_LIST, "Unknown operation id.", hint=hint)
