"""Request members as pydantic reads them, and its errors as BadUserInput with the path of the member."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, TypeVar

import orjson
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, PydanticKnownError, core_schema

from asgi.request_json import parse_request_json
from errors import BadUserInput, Message
from resolvers.trends.query import InputPath

_DIGITS = re.compile(r"-?[0-9]{1,10}", re.ASCII)
_FLAGS = {"true": True, "false": False}
NULL: JsonSchemaValue = {"type": "null"}
_IDENTIFIER = "a string or an id"
_KINDS: Mapping[str, str] = {
    "string_type": "a string",
    "bool_type": "true or false",
    "int_type": "an integer",
    "float_type": "a number",
    "finite_number": "a number",
    "list_type": "a list",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "identifier": _IDENTIFIER,
}


class Members(BaseModel):
    """An object of a request. A member that is null or an empty string is absent; an unknown one is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    exact: ClassVar[frozenset[str]] = frozenset()
    """Members for which null and the empty string are values."""

    @model_validator(mode="before")
    @classmethod
    def _read_members(cls, members: object) -> object:
        if not isinstance(members, dict):
            return members
        known = cls.model_fields
        if unknown := next((name for name in members if name not in known), None):
            raise PydanticCustomError("unknown_member", "unknown member", {"name": unknown, "known": [*known]})
        return {name: value for name, value in members.items() if name in cls.exact or value not in ("", None)}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        document = handler.resolve_ref_schema(handler(schema))
        for name, member in document["properties"].items():
            if name not in cls.exact:
                document["properties"][name] = _nullable(member)
        return document


def _nullable(member: JsonSchemaValue) -> JsonSchemaValue:
    if NULL in member.get("anyOf", ()) or member.keys() == {"description"}:
        return member
    outer: JsonSchemaValue = {key: member.pop(key) for key in ("description", "examples") if key in member}
    return {"anyOf": [member, NULL], **outer}


def _read_flag(value: object) -> object:
    return _FLAGS.get(value.lower(), value) if isinstance(value, str) else value


def _read_integer(value: object) -> object:
    number = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value
    if isinstance(number, int) and abs(number) >= 2**31:  # the size of GraphQL's Int
        raise PydanticKnownError("int_type")
    return number


def _read_number(value: object) -> object:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _is_identifier(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _read_identifier(value: object) -> str:
    if not _is_identifier(value):
        raise PydanticCustomError("identifier", "not an identifier")
    return str(value)


Flag = Annotated[bool, BeforeValidator(_read_flag), WithJsonSchema({"type": "boolean", "default": False})]
Integer = Annotated[int, BeforeValidator(_read_integer)]
GroupIndex = Annotated[Integer, WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 4})]
Number = Annotated[float, BeforeValidator(_read_number), Field(allow_inf_nan=False)]
Identifier = Annotated[str, BeforeValidator(_read_identifier), WithJsonSchema({"type": ["string", "integer"]})]

Ignored = Annotated[object, Field(description="Accepted and ignored.")]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Marks a value that is written as one of these strings."""

    choices: Mapping[str, object]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._choose)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "enum": [*self.choices]}

    def _choose(self, value: object) -> object:
        if not isinstance(value, str):
            raise PydanticKnownError("string_type")
        if value not in self.choices:
            raise PydanticCustomError("choice", "not a choice", {"choices": [*self.choices]})
        return self.choices[value]


M = TypeVar("M", bound=Members)


def validate(model: type[M], value: object, path: InputPath = ()) -> M:
    """Read an object that was sent at `path`; raises BadUserInput for its first error."""
    try:
        return model.model_validate(value)
    except ValidationError as exc:
        raise _bad_input(exc.errors(include_url=False)[0], path) from exc


def _bad_input(error: ErrorDetails, path: InputPath) -> BadUserInput:
    where, context = (*path, *error["loc"]), error.get("ctx", {})
    match error["type"]:
        case "unknown_member":
            return unknown(context["name"], context["known"], where)
        case "missing":
            return BadUserInput("{name} is required.", name=where[-1], path=where)
        case "choice":
            return invalid_choice(error["input"], context["choices"], where)
        case "greater_than_equal":
            return BadUserInput(
                "{name} must be at least {minimum}, not {value}.",
                name=where[-1],
                minimum=context["ge"],
                value=quote(error["input"]),
                path=where,
            )
        case kind:
            return expected(_KINDS[kind], error["input"], where)


def unknown(name: str, known: Sequence[str], path: InputPath = ()) -> BadUserInput:
    """The error for a name that is not one of the known ones."""
    name = name[:100]
    return BadUserInput(
        "Unknown parameter {name}.", name=name, path=(*path, name), hint=suggest(name, known, kind="parameters")
    )


def invalid_choice(value: object, choices: Sequence[str], path: InputPath) -> BadUserInput:
    """The error for a string that is not one of the choices."""
    return BadUserInput(
        "Invalid {name} {value}.", name=path[-1], value=quote(value), path=path, hint=suggest(str(value), choices)
    )


def expected(kind: str, value: object, path: InputPath) -> BadUserInput:
    """The error for a value of another kind."""
    return BadUserInput("Expected {kind}, not {value}.", kind=kind, value=quote(value), path=path)


def suggest(wrong: str, known: Sequence[str], *, kind: str = "values") -> Message:
    """Name the choice that may be meant, and all of them."""
    close = get_close_matches(wrong[:100].lower(), known, n=1, cutoff=0.6)
    valid = ", ".join(known)
    if not close:
        return Message("Valid {kind}: {valid}.", {"kind": kind, "valid": valid})
    return Message(
        "Did you mean {close}? Valid {kind}: {valid}.", {"close": close[0], "kind": kind, "valid": valid}
    )


def quote(value: object) -> str:
    """Write a value as a message may quote it."""
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    text = orjson.dumps(value).decode() if isinstance(value, str | bool | int | float | None) else "that"
    return text if len(text) <= 100 else f"a value of {len(text)} characters"


def read_json(value: object, path: InputPath) -> object:
    """Decode a JSON string; any other value stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        return parse_request_json(value)
    except orjson.JSONDecodeError as exc:
        raise BadUserInput(
            "Invalid JSON: {reason}.",
            reason=str(exc),
            path=path,
            hint='Write lists and objects as JSON: [{"id": "sign up"}].',
        ) from exc


def read_identifier(value: object, path: InputPath) -> str:
    """Read a string or an id."""
    if not _is_identifier(value):
        raise expected(_IDENTIFIER, value, path)
    return str(value)


def read_list(value: object, path: InputPath) -> list[tuple[InputPath, object]]:
    """The items of a list, each with its path; null is an empty list."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise expected("a list", value, path)
    return [((*path, index), item) for index, item in enumerate(value)]
