"""Operations that clients name instead of sending their text."""

from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NoReturn

from strawberry.extensions import SchemaExtension

from datasource.cache.persisted_queries import OperationStore, hash_operation, is_hash
from errors import BadUserInput, ErrorCode, GatewayError
from resolvers.context import RequestContext
from schema.extensions.manifest import Manifest

DOCUMENT_ID = "documentId"
"""The extension under which the id of a request arrives that has it in a place of its own."""
WEBSOCKET_EXTENSIONS: ContextVar[object] = ContextVar("extensions of the operation", default=None)
"""Those of an operation that came over a WebSocket, for which Strawberry does not hand them on."""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Sent:
    """The id that stands for an operation; `is_automatic` when the client sends the text with it if need be."""

    id: str
    is_automatic: bool


class PersistedOperations(SchemaExtension):
    """Finds the text of an operation by its id, and keeps the text of one that was sent with its hash.

    It is kept once it has proved to be valid, and only for callers with a key. With `registered_only` nothing
    runs but what is in the manifest, by its id.
    """

    def __init__(self, manifest: Manifest, *, registered_only: bool) -> None:
        self._manifest = manifest
        self._registered_only = registered_only
        self._text_to_keep: str | None = None

    async def on_operation(self) -> AsyncIterator[None]:
        execution = self.execution_context
        sent = read_sent(execution.operation_extensions or WEBSOCKET_EXTENSIONS.get())
        execution.query = await self._find(sent, execution.query or None)
        yield

    async def on_validate(self) -> AsyncIterator[None]:
        yield
        store = self._store
        if (
            self._text_to_keep is not None
            and store is not None
            and not self.execution_context.pre_execution_errors
        ):
            await store.put(self._text_to_keep)

    async def _find(self, sent: Sent | None, text: str | None) -> str | None:
        registered = self._manifest.find(sent.id) if sent else None
        if registered is not None:
            if text is not None and text != registered:
                _refuse_text(sent)
            return registered
        if self._registered_only:
            raise _not_registered(sent)
        if sent is None:
            return text
        if text is None:
            return await self._recall(sent)
        self._note(sent, text)
        return text

    async def _recall(self, sent: Sent) -> str:
        sha256 = sent.id.removeprefix("sha256:").lower()
        store = self._store
        if store is None:
            raise GatewayError(ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED, "PersistedQueryNotSupported")
        text = await store.get(sha256) if is_hash(sha256) else None
        if text is None:
            raise GatewayError(
                ErrorCode.PERSISTED_QUERY_NOT_FOUND,
                "PersistedQueryNotFound",
                hint="Send the text with its hash, in extensions.persistedQuery." if sent.is_automatic else None,
            )
        return text

    def _note(self, sent: Sent, text: str) -> None:
        if not sent.is_automatic or hash_operation(text) != sent.id.lower():
            _refuse_text(sent)
        context = self.execution_context.context
        if isinstance(context, RequestContext) and context.caller is not None:
            self._text_to_keep = text

    @property
    def _store(self) -> OperationStore | None:
        context = self.execution_context.context
        return context.operations if isinstance(context, RequestContext) else None


def read_sent(extensions: object) -> Sent | None:
    """The id in a request's extensions. Raises BadUserInput for one that is malformed or of another version."""
    given = extensions or {}
    if not isinstance(given, dict):
        raise BadUserInput("The extensions of a request are an object.", path=("extensions",))
    if DOCUMENT_ID in given:
        return Sent(_read_id(given[DOCUMENT_ID], DOCUMENT_ID), is_automatic=False)
    persisted = given.get("persistedQuery")
    if persisted is None:
        return None
    path = ("extensions", "persistedQuery")
    if not isinstance(persisted, dict):
        raise BadUserInput("persistedQuery is an object.", path=path)
    if persisted.get("version") != _VERSION:
        raise BadUserInput(f"The version of persistedQuery is {_VERSION}.", path=(*path, "version"))
    return Sent(_read_id(persisted.get("sha256Hash"), *path, "sha256Hash"), is_automatic=True)


def _read_id(value: object, *path: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadUserInput(f"{path[-1]} is a text, and not empty.", path=path)
    return value


def _refuse_text(sent: Sent | None) -> NoReturn:
    if sent and sent.is_automatic:
        raise BadUserInput(
            "The sha256Hash is not that of the query.",
            path=("extensions", "persistedQuery", "sha256Hash"),
            hint="It is the SHA-256 of the query's text in UTF-8, in hexadecimal digits.",
        )
    raise BadUserInput("A request has a query or a documentId, not both.", path=(DOCUMENT_ID,))


def _not_registered(sent: Sent | None) -> GatewayError:
    hint = "This gateway answers the operations of its manifest only, each by its id."
    if sent is None:
        return GatewayError(
            ErrorCode.PERSISTED_QUERY_ID_REQUIRED, "The id of an operation is required.", hint=hint
        )
    return GatewayError(ErrorCode.PERSISTED_QUERY_NOT_IN_LIST, "There is no operation with this id.", hint=hint)
