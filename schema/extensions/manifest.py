"""Operations that are known before any client sends them: the file that a client's build writes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, parse, validate

from errors import BadUserInput
from settings import Settings

APOLLO_FORMAT = "apollo-persisted-query-manifest"
_SETTING = "TRENDGATE_OPERATIONS_MANIFEST"
_HINT = (
    f'A manifest is what generate-persisted-query-manifest writes ("format": "{APOLLO_FORMAT}", "version": 1), '
    'or the Relay compiler ({"id": "text", ...}).'
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Texts of operations by the id that clients send for them, mostly a hash."""

    operations: Mapping[str, str] = field(default_factory=dict)

    def find(self, operation_id: str) -> str | None:
        """The text, None where the id is not registered. `sha256:` before a hash makes no difference."""
        return self.operations.get(operation_id) or self.operations.get(operation_id.removeprefix("sha256:"))


def open_manifest(settings: Settings) -> Manifest:
    """The one that the settings name, or an empty one. Raises BadUserInput where it is needed and not there."""
    if settings.operations_manifest is not None:
        return read_manifest(settings.operations_manifest)
    if settings.operations_registered_only:
        raise BadUserInput(
            "TRENDGATE_OPERATIONS_REGISTERED_ONLY would refuse everything without a manifest.",
            hint=f"{_SETTING} names its file.",
        )
    return Manifest()


def read_manifest(path: Path) -> Manifest:
    """Raises BadUserInput for a file that is none, or has an id twice."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as failure:
        raise BadUserInput(f"{_SETTING}: {path} cannot be read ({failure.strerror}).") from failure
    except ValueError as failure:
        raise BadUserInput(f"{_SETTING}: {path} is no JSON.", hint=_HINT) from failure
    operations: dict[str, str] = {}
    for operation_id, text in _entries(document):
        if not isinstance(operation_id, str) or not isinstance(text, str):
            raise BadUserInput(f"{_SETTING}: an operation lacks its id or text, or they are no texts.", hint=_HINT)
        if operation_id in operations:
            raise BadUserInput(f"{_SETTING}: the id {operation_id} is there twice.")
        operations[operation_id] = text
    return Manifest(operations)


def check_manifest(manifest: Manifest, schema: GraphQLSchema) -> None:
    """Raises BadUserInput that names the first operation which the schema cannot answer."""
    for operation_id, text in manifest.operations.items():
        name, errors = _check(text, schema)
        if errors:
            raise BadUserInput(
                f"{_SETTING}: the operation {name or 'without a name'}, {operation_id}, does not fit the schema: "
                f"{errors[0].message}",
                hint="Build the client, and its manifest, against this schema.graphql.",
            )


def _check(text: str, schema: GraphQLSchema) -> tuple[str | None, list[GraphQLError]]:
    try:
        document = parse(text)
    except GraphQLError as error:
        return None, [error]
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    name = next((node.name.value for node in operations if node.name), None)
    if len(operations) != 1:
        return name, [GraphQLError(f"It has {len(operations)} operations instead of one.")]
    return name, validate(schema, document)


def _entries(document: Any) -> Iterator[tuple[object, object]]:
    if not isinstance(document, dict):
        raise BadUserInput(f"{_SETTING} names a file that is no manifest.", hint=_HINT)
    if "format" not in document:
        yield from document.items()
        return
    operations = document.get("operations")
    if document["format"] != APOLLO_FORMAT or document.get("version") != 1 or not isinstance(operations, list):
        raise BadUserInput(f"{_SETTING} names a manifest of another format or version.", hint=_HINT)
    for entry in operations:
        yield (entry.get("id"), entry.get("body")) if isinstance(entry, dict) else (None, None)
