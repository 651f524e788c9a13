"""A hostile request."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ALL: Final = "all"
LOW: Final = "low"
NONE: Final = "none"


@dataclass(frozen=True)
class Case:
    """An HTTP request, with the name by which a report finds it; `key` is whose key it has."""

    name: str
    path: str
    body: bytes | None = None
    method: str = "POST"
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str = ALL
    is_valid: bool = False
    """Whether the gateway must answer without an error."""

    @property
    def reproduction(self) -> str:
        """The request, as far as a report has room for it."""
        body = (self.body or b"")[:600].decode(errors="backslashreplace")
        return f"{self.method} {self.path} {dict(self.params)!r:.600} {body!r} (key: {self.key})"


def as_json(value: object, ids: Mapping[str, str]) -> bytes:
    """JSON as Python writes it, with NaN, and with the project's ids in place of "$action"."""
    return with_ids(json.dumps(value), ids).encode()


def with_ids(text: str, ids: Mapping[str, str]) -> str:
    """Replace the strings that stand for ids."""
    for name, number in ids.items():
        text = text.replace(f'"${name}"', f'"{number}"')
    return text


def graphql(
    name: str, document: str, variables: Mapping[str, Any], ids: Mapping[str, str], **options: Any
) -> Case:
    """A GraphQL request."""
    return Case(name, "/graphql", as_json({"query": document, "variables": variables}, ids), **options)
