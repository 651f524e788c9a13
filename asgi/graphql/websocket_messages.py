"""Messages that a client sends over the protocol graphql-transport-ws."""

from collections.abc import Mapping
from typing import Final

from schema.extensions.persisted_queries import DOCUMENT_ID

MAX_ID_LENGTH: Final = 200
"""Characters of an operation's id, which every message of the operation repeats."""

_MEMBERS: Mapping[str, tuple[type, str]] = {
    "variables": (dict, "an object"),
    "extensions": (dict, "an object"),
    "operationName": (str, "a string"),
}
"""Optional members of the payload of `subscribe`."""


def find_problem(message: object) -> str | None:
    """Say why a client's message violates the protocol; None if it is valid."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message must be an object with a type."
    kind = message["type"]
    if kind in ("subscribe", "complete"):
        if not (isinstance(message.get("id"), str) and message["id"]):
            return f"A message of type {kind} must have an id, a non-empty string."
        if len(message["id"]) > MAX_ID_LENGTH:
            return f"The id of a message must not be longer than {MAX_ID_LENGTH} characters."
    return _find_problem_in_payload(message.get("payload")) if kind == "subscribe" else None


def _find_problem_in_payload(payload: object) -> str | None:
    if not isinstance(payload, dict) or not _has_operation(payload):
        return "The payload of subscribe must be an object with a query, a string."
    for name, (type_, expected) in _MEMBERS.items():
        if not isinstance(payload.get(name), type_ | None):
            return f"The {name} of subscribe must be {expected}."
    return None


def _has_operation(payload: Mapping[str, object]) -> bool:
    # A registered or persisted operation is identified by an id instead of its text.
    query, has_id = payload.get("query"), bool(payload.get("extensions") or payload.get(DOCUMENT_ID))
    return isinstance(query, str) or (query is None and has_id)
