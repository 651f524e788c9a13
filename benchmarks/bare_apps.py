"""Two apps that do next to nothing, to compare the gateway's own cost with."""

import os
from pathlib import Path

import orjson
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.asgi import GraphQL


@strawberry.type
class _Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"


graphql: GraphQL[object, object] = GraphQL(strawberry.Schema(_Query))
"""Strawberry's own app with one field."""


def rest() -> Starlette:
    """One route that writes the JSON of the file named by BENCHMARK_ANSWER."""
    answer = orjson.loads(Path(os.environ["BENCHMARK_ANSWER"]).read_bytes())

    async def respond(request: Request) -> Response:
        await request.body()
        return Response(orjson.dumps(answer), media_type="application/json")

    return Starlette(routes=[Route("/graphql", respond, methods=["POST"])])
