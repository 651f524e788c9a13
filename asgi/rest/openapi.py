"""The OpenAPI 3.1 document, from the models by which requests are read and responses built."""

from collections.abc import Mapping
from functools import cache

import orjson
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from asgi.rest.error_shape import Error
from asgi.rest.parameters import IGNORED, JSON_PARAMETERS, UNSUPPORTED, TrendParameters
from asgi.rest.projects import PageParameters, ProjectPage
from asgi.rest.response import Trend
from asgi.rest.validation import NULL

VERSION = "1"
_SCHEMAS = "#/components/schemas/"
_EXAMPLE = {
    "events": [{"id": "sign up", "math": "dau"}],
    "date_from": "-14d",
    "interval": "day",
    "breakdown": "$browser",
}
_IGNORED_DESCRIPTION = {"description": "Accepted and ignored."}
_ERRORS: Mapping[str, str] = {
    "400": "A parameter is invalid; attr says which.",
    "401": "The API key is missing or unusable.",
    "403": "The key's scopes or access controls do not allow it.",
    "404": "Project not found, or this API key has no access to it.",
    "406": "The format is not available.",
    "422": "The query would read or return more than its limits allow.",
    "429": "Too many requests at once.",
    "500": "The gateway failed; its log has the errorId of the extensions.",
    "503": "A database does not respond.",
    "504": "The query exceeded its time limit.",
}
_POST_ERRORS: Mapping[str, str] = {
    "413": "The body is too large.",
    "415": "The body is not application/json.",
}


class _Schemas(GenerateJsonSchema):
    """Schemas without titles, which repeat names, and without defaults, which are values of the domain."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - pydantic's signature
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return _without_title(super().model_schema(schema))

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return _without_title(super().typed_dict_schema(schema))


def _without_title(schema: JsonSchemaValue) -> JsonSchemaValue:
    return {key: value for key, value in schema.items() if key != "title"}


@cache
def describe_api() -> bytes:
    """Write the document as JSON."""
    schemas = TypeAdapter.json_schemas(
        [
            *((type_.__name__, "validation", TypeAdapter(type_)) for type_ in (TrendParameters, PageParameters)),
            *((type_.__name__, "serialization", TypeAdapter(type_)) for type_ in (Trend, ProjectPage, Error)),
        ],
        ref_template=f"{_SCHEMAS}{{model}}",
        schema_generator=_Schemas,
    )[1]["$defs"]
    parameters, page = schemas.pop("TrendParameters"), schemas.pop("PageParameters")
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Trendgate",
                "version": VERSION,
                "description": "Trends over REST, for clients of the endpoint insights/trend. GraphQL at /graphql "
                "offers the same and more.",
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "security": [{"key": []}],
            "paths": {
                "/api/projects/": {"get": _projects(page["properties"])},
                "/api/projects/{project_id}/insights/trend/": {
                    "parameters": [_project_id()],
                    "get": _trend_by_get(parameters["properties"]),
                    "post": _trend_by_post(parameters),
                },
            },
            "components": {
                "schemas": schemas,
                "securitySchemes": {
                    "key": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "An API key, phx_..., in the Authorization header. A key in a URL or a "
                        "body is refused.",
                    }
                },
            },
        }
    )


def _trend_by_get(members: Mapping[str, JsonSchemaValue]) -> JsonSchemaValue:
    return {
        **_trend("trend", "Get a trend"),
        "parameters": [
            _format(),
            *(_in_query(name, member) for name, member in members.items()),
            *({"name": name, "in": "query", "schema": {}, **_IGNORED_DESCRIPTION} for name in IGNORED),
        ],
        "responses": {**_trend_response(), **_errors(_ERRORS)},
    }


def _trend_by_post(body: JsonSchemaValue) -> JsonSchemaValue:
    body = {
        **body,
        "properties": {**body["properties"], **dict.fromkeys(IGNORED, _IGNORED_DESCRIPTION)},
        "anyOf": [{"required": [name], "properties": {name: {"minItems": 1}}} for name in ("events", "actions")],
    }
    return {
        **_trend("trendByPost", "Get a trend, with its parameters in the body"),
        "parameters": [_format()],
        "requestBody": {
            "content": {"application/json": {"schema": body, "example": _EXAMPLE}},
            "description": "The parameters of GET. Lists and objects may also be JSON strings. Parameters may "
            "also be in the query string, but none in both places.",
        },
        "responses": {**_trend_response(), **_errors({**_ERRORS, **_POST_ERRORS})},
    }


def _trend(operation: str, summary: str) -> JsonSchemaValue:
    return {
        "operationId": operation,
        "summary": summary,
        "tags": ["Trends"],
        "description": "Series of events or actions over time. Requires a key with the scope insight:read, and "
        "viewer access to insights. These parameters are refused because they would affect results but are not "
        f"supported: {', '.join(sorted(UNSUPPORTED))}.",
    }


def _trend_response() -> JsonSchemaValue:
    return {
        "200": {
            "description": "The trend.",
            "content": {
                "application/json": {"schema": _reference("Trend")},
                "text/csv": {
                    "schema": {"type": "string"},
                    "example": "series,$browser,14-Jan-2020\r\nChrome,Chrome,2.0\r\n",
                },
            },
        }
    }


def _projects(members: Mapping[str, JsonSchemaValue]) -> JsonSchemaValue:
    errors = {status: text for status, text in _ERRORS.items() if status not in ("404", "406", "422", "504")}
    return {
        "operationId": "projects",
        "summary": "List the projects that the key can access",
        "tags": ["Projects"],
        "description": "Requires the scope project:read.",
        "parameters": [_in_query(name, member) for name, member in members.items()],
        "responses": {
            "200": {
                "description": "A page of projects.",
                "content": {"application/json": {"schema": _reference("ProjectPage")}},
            },
            **_errors(errors),
        },
    }


def _project_id() -> JsonSchemaValue:
    return {
        "name": "project_id",
        "in": "path",
        "required": True,
        "description": "The project's id; GET /api/projects/ lists the projects you can use.",
        "schema": {"type": "string", "examples": ["1"]},
    }


def _format() -> JsonSchemaValue:
    return {
        "name": "format",
        "in": "query",
        "description": "Default: the Accept header decides; JSON if it does not.",
        "schema": {"enum": ["json", "csv"], "default": "json"},
    }


def _in_query(name: str, member: JsonSchemaValue) -> JsonSchemaValue:
    """A parameter in the query string, which has no null: lists and objects are written as JSON."""
    schema = {key: value for key, value in member.items() if key not in ("description", "examples", "anyOf")}
    options = [option for option in member["anyOf"] if option != NULL]
    schema |= options[0] if len(options) == 1 else {"anyOf": options}
    described = {"name": name, "in": "query", "description": member["description"]}
    content = {"schema": schema} | ({"example": member["examples"][0]} if "examples" in member else {})
    if name in JSON_PARAMETERS:
        return {**described, "content": {"application/json": content}}
    return {**described, **content}


def _errors(errors: Mapping[str, str]) -> dict[str, JsonSchemaValue]:
    content = {"application/json": {"schema": _reference("Error")}}
    return {status: {"description": text, "content": content} for status, text in errors.items()}


def _reference(name: str) -> JsonSchemaValue:
    return {"$ref": f"{_SCHEMAS}{name}"}
