"""Manifests of registered operations, which the build of a client writes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, parse, validate

from errors import BadUserInput
from settings import Settings

APOLLO_FORMAT = "apollo-persisted-query-manifest"
_HINT = (
    'Use the output of generate-persisted-query-manifest ("format": "apollo-persisted-query-manifest", '
    '"version": 1) or of the Relay compiler ({"id": "document", ...}).'
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Documents by the id that clients send for them, usually a hash."""

    operations: Mapping[str, str] = field(default_factory=dict)

    def find(self, operation_id: str) -> str | None:
        """Return the document of a registered id, with or without the prefix `sha256:`, or None."""
        return self.operations.get(operation_id) or self.operations.get(operation_id.removeprefix("sha256:"))


def open_manifest(settings: Settings) -> Manifest:
    """Read the configured manifest, or return an empty one; raise BadUserInput if one is required."""
    if settings.operations_manifest is not None:
        return read_manifest(settings.operations_manifest)
    if settings.operations_registered_only:
        raise BadUserInput(
            "TRENDGATE_OPERATIONS_REGISTERED_ONLY without a manifest would reject every operation.",
            hint="Set TRENDGATE_OPERATIONS_MANIFEST to its file.",
        )
    return Manifest()


def read_manifest(path: Path) -> Manifest:
    """Read a manifest; raise BadUserInput if the file is not a manifest or repeats an id."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadUserInput(
            "TRENDGATE_OPERATIONS_MANIFEST: cannot read {file}: {reason}.", file=path, reason=error.strerror
        ) from error
    except ValueError as error:
        raise BadUserInput(
            "TRENDGATE_OPERATIONS_MANIFEST: {file} is not valid JSON.", file=path, hint=_HINT
        ) from error
    operations: dict[str, str] = {}
    for operation_id, document in _entries(content):
        if not isinstance(operation_id, str) or not isinstance(document, str):
            raise BadUserInput(
                "TRENDGATE_OPERATIONS_MANIFEST: every operation needs an id and a document, both strings.",
                hint=_HINT,
            )
        if operation_id in operations:
            raise BadUserInput("TRENDGATE_OPERATIONS_MANIFEST: duplicate id {id}.", id=operation_id)
        operations[operation_id] = document
    return Manifest(operations)


def check_manifest(manifest: Manifest, schema: GraphQLSchema) -> None:
    """Raise BadUserInput for the first operation that is not valid against the schema."""
    for operation_id, document in manifest.operations.items():
        name, errors = _validate(document, schema)
        if errors:
            raise BadUserInput(
                "TRENDGATE_OPERATIONS_MANIFEST: operation {name} ({id}) is invalid: {reason}",
                name=name or "without a name",
                id=operation_id,
                reason=errors[0].message,
                hint="Build the client and its manifest with this gateway's schema.graphql.",
            )


def _validate(document: str, schema: GraphQLSchema) -> tuple[str | None, list[GraphQLError]]:
    try:
        parsed = parse(document)
    except GraphQLError as error:
        return None, [error]
    operations = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
    name = next((node.name.value for node in operations if node.name), None)
    if len(operations) != 1:
        return name, [GraphQLError(f"The document has {len(operations)} operations instead of one.")]
    return name, validate(schema, parsed)


def _entries(content: Any) -> Iterator[tuple[object, object]]:
    if not isinstance(content, dict):
        raise BadUserInput("TRENDGATE_OPERATIONS_MANIFEST: the file is not a manifest.", hint=_HINT)
    if "format" not in content:
        yield from content.items()
        return
    operations = content.get("operations")
    if content["format"] != APOLLO_FORMAT or content.get("version") != 1 or not isinstance(operations, list):
        raise BadUserInput(
            "TRENDGATE_OPERATIONS_MANIFEST: the manifest has an unsupported format or version.", hint=_HINT
        )
    for entry in operations:
        yield (entry.get("id"), entry.get("body")) if isinstance(entry, dict) else (None, None)
