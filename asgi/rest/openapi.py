"""The description of the REST addresses after OpenAPI 3.1, made of the tables by which requests are read."""

from collections.abc import Mapping
from functools import cache

import orjson

from asgi.rest.parameters import NOT_BUILT, PARAMETERS, WITHOUT_EFFECT, Parameter, Schema, reference
from asgi.rest.projects import USUAL_PAGE
from asgi.rest.schemas import COMPONENTS
from resolvers.saved import LARGEST_PAGE

VERSION = "1"
_EXAMPLE = {
    "events": [{"id": "sign up", "math": "dau"}],
    "date_from": "-14d",
    "interval": "day",
    "breakdown": "$browser",
}
_ERRORS: Mapping[str, str] = {
    "400": "A parameter cannot be used; attr says which.",
    "401": "No usable API key was sent.",
    "403": "The key's scopes, or access controls, do not allow it.",
    "404": "There is no such project within reach.",
    "406": "There is no such format.",
    "422": "The query would read or answer more than it may.",
    "429": "Too many requests at once.",
    "500": "A failure of the gateway; extensions.errorId is in its log.",
    "503": "A store does not answer.",
    "504": "The query ran longer than it may.",
}
_POST_ERRORS: Mapping[str, str] = {
    "413": "The body is larger than it may be.",
    "415": "The body is not application/json.",
}


@cache
def describe_api() -> bytes:
    """The document as JSON."""
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Trendgate",
                "version": VERSION,
                "description": "Trends over REST, for clients of the endpoint insights/trend. GraphQL at /graphql "
                "answers the same and more.",
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "security": [{"key": []}],
            "paths": {
                "/api/projects/": {"get": _projects()},
                "/api/projects/{project_id}/insights/trend/": {
                    "parameters": [_project_id()],
                    "get": _trend_by_get(),
                    "post": _trend_by_post(),
                },
            },
            "components": {
                "schemas": COMPONENTS,
                "securitySchemes": {
                    "key": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "An API key, phx_..., in the header Authorization. Nowhere else: a key in "
                        "an address or a body is refused.",
                    }
                },
            },
        }
    )


def _trend_by_get() -> Schema:
    return {
        **_trend("trend", "A trend"),
        "parameters": [_format(), *map(_in_address, PARAMETERS), *_without_effect()],
        "responses": {**_trend_answers(), **_errors(_ERRORS)},
    }


def _trend_by_post() -> Schema:
    properties = {
        **{each.name: _in_body(each) for each in PARAMETERS},
        **{name: {"description": "Accepted, of no effect on figures."} for name in WITHOUT_EFFECT},
    }
    body = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "anyOf": [{"required": [name], "properties": {name: {"minItems": 1}}} for name in ("events", "actions")],
    }
    return {
        **_trend("trendByPost", "A trend, its parameters in the body"),
        "parameters": [_format()],
        "requestBody": {
            "content": {"application/json": {"schema": body, "example": _EXAMPLE}},
            "description": "The parameters of GET. Lists and objects may also be JSON texts; parameters may also "
            "stand in the address, each in one of the two places.",
        },
        "responses": {**_trend_answers(), **_errors({**_ERRORS, **_POST_ERRORS})},
    }


def _trend(operation: str, summary: str) -> dict[str, object]:
    refused = ", ".join(sorted(NOT_BUILT))
    return {
        "operationId": operation,
        "summary": summary,
        "tags": ["Trends"],
        "description": "Series of figures for events or actions over dates. Needs a key with the scope "
        f"insight:read and viewer access to insights. Refused, since they would change the figures: {refused}.",
    }


def _trend_answers() -> Schema:
    return {
        "200": {
            "description": "The trend.",
            "content": {
                "application/json": {"schema": reference("Trend")},
                "text/csv": {
                    "schema": {"type": "string"},
                    "example": "series,$browser,14-Jan-2020\r\nChrome,Chrome,2.0\r\n",
                },
            },
        }
    }


def _projects() -> Schema:
    page: list[Schema] = [
        _count(
            "limit", f"How many at most; beyond {LARGEST_PAGE} as many.", {"minimum": 1, "default": USUAL_PAGE}
        ),
        _count("offset", "How many to pass over.", {"minimum": 0, "default": 0}),
    ]
    answer = {
        "description": "A page of projects.",
        "content": {"application/json": {"schema": reference("ProjectPage")}},
    }
    errors = {status: text for status, text in _ERRORS.items() if status not in ("404", "406", "422", "504")}
    return {
        "operationId": "projects",
        "summary": "The projects that the key reaches",
        "tags": ["Projects"],
        "description": "Needs the scope project:read.",
        "parameters": page,
        "responses": {"200": answer, **_errors(errors)},
    }


def _count(name: str, description: str, schema: Schema) -> Schema:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": {"type": "integer", "maximum": 2**31 - 1, **schema},
    }


def _project_id() -> Schema:
    return {
        "name": "project_id",
        "in": "path",
        "required": True,
        "description": "The project's id; GET /api/projects/ lists those within reach.",
        "schema": {"type": "string", "examples": ["1"]},
    }


def _format() -> Schema:
    return {
        "name": "format",
        "in": "query",
        "description": "Without it the header Accept decides; JSON where that says nothing.",
        "schema": {"enum": ["json", "csv"], "default": "json"},
    }


def _in_address(parameter: Parameter) -> Schema:
    described = {"name": parameter.name, "in": "query", "description": parameter.description}
    if parameter.is_json:
        content = {"schema": parameter.schema, "example": parameter.example}
        return {**described, "content": {"application/json": content}}
    return {**described, "schema": parameter.schema, "example": parameter.example}


def _in_body(parameter: Parameter) -> Schema:
    return {"anyOf": [parameter.schema, {"type": "null"}], "description": parameter.description}


def _without_effect() -> list[Schema]:
    described = "Accepted, of no effect on figures."
    return [{"name": name, "in": "query", "description": described, "schema": {}} for name in WITHOUT_EFFECT]


def _errors(errors: Mapping[str, str]) -> dict[str, Schema]:
    content = {"application/json": {"schema": reference("Error")}}
    return {status: {"description": text, "content": content} for status, text in errors.items()}
