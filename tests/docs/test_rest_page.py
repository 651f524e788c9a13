"""The requests of docs/rest.md return the rows printed below them.

`pytest tests/docs --update-golden` rewrites the rows. Review their diff like code.
"""

import json
import re
import shlex
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest

from asgi.app import create_app
from asgi.rest.errors import STATUSES
from datasource.clickhouse.engine import Engine
from datasource.metadata.store import MetadataStore
from resolvers.stores import Stores
from settings import Settings
from tests.docs.test_trends_guide import NOW, prepare

PAGE = Path(__file__).parents[2] / "docs" / "rest.md"
EXAMPLE = re.compile(r"```json\n(?P<body>[^`]*?)\n```\n\n```json\n(?P<rows>.*?)\n```\n", re.DOTALL)
COMMAND = re.compile(r"```\n(curl .*?)\n```", re.DOTALL)


class Reader:
    """A client that sends the requests of the page to a project with the example events."""

    def __init__(self, client: httpx2.AsyncClient, project_id: int, key: str) -> None:
        self._client, self._project_id = client, project_id
        self._headers = {"authorization": f"Bearer {key}"}

    async def post(self, body: dict[str, Any]) -> Any:
        path = f"/api/projects/{self._project_id}/insights/trend/"
        response = await self._client.post(path, json=body, headers=self._headers)
        assert response.status_code == 200, response.text
        return response.json()["results"]

    async def run(self, command: str) -> httpx2.Response:
        """Send the request of a `curl -G` command."""
        words = shlex.split(command.replace("\\\n", " "))
        url = next(word for word in words if word.startswith("http"))
        flags = ("-d", "--data-urlencode")
        parameters = [word.partition("=") for flag, word in pairwise(words) if flag in flags]
        own_url = httpx2.URL(url.replace("/1/", f"/{self._project_id}/"))
        own_url = own_url.copy_merge_params({name: value for name, _, value in parameters})
        return await self._client.get(own_url.raw_path.decode(), headers=self._headers)


@pytest.fixture(scope="module")
async def reader(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Reader]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("rest"))
    async with MetadataStore.open(settings.metadata_url) as store:
        await store.migrate()
        project_id, key = await prepare(store, engine, settings.data_dir)
        app = create_app(settings, stores=Stores(metadata=store, events=engine), clock=lambda: NOW)
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://page") as client:
            yield Reader(client, project_id, key)


async def test_every_request_returns_the_rows_below_it(reader: Reader, update_golden: bool) -> None:
    text = PAGE.read_text()
    examples = list(EXAMPLE.finditer(text))
    assert len(examples) > 1
    answers = [await reader.post(json.loads(example["body"])) for example in examples]
    if update_golden:
        remaining = iter(answers)
        PAGE.write_text(
            EXAMPLE.sub(
                lambda match: f"```json\n{match['body']}\n```\n\n```json\n{format_rows(next(remaining))}\n```\n",
                text,
            )
        )
    else:
        assert [json.loads(example["rows"]) for example in examples] == answers


def format_rows(rows: list[dict[str, Any]]) -> str:
    """Format rows as the page does, with each member on its own line."""
    formatted = []
    for row in rows:
        members = ",\n".join(f"    {json.dumps(name)}: {json.dumps(value)}" for name, value in row.items())
        formatted.append(f"  {{\n{members}\n  }}")
    return "[\n" + ",\n".join(formatted) + "\n]"


async def test_every_command_succeeds(reader: Reader) -> None:
    commands = COMMAND.findall(PAGE.read_text())
    responses = [await reader.run(command) for command in commands]
    assert [response.status_code for response in responses] == [200, 200]
    assert responses[0].json()["results"][0]["count"] > 0
    assert responses[1].text.startswith("series,plan,")


async def test_error_of_the_page_is_the_actual_one(reader: Reader) -> None:
    error = json.loads(re.findall(r"## Errors\n\n```json\n(.*?)\n```", PAGE.read_text(), re.DOTALL)[0])
    response = await reader.run(
        'curl -G http://127.0.0.1:8000/api/projects/1/insights/trend/ -d \'events=[{"id":"a","math":"daau"}]\''
    )
    answer = response.json()
    assert answer.pop("hint").startswith(error.pop("hint").removesuffix(" ..."))
    assert answer == error


def test_table_of_statuses_is_complete() -> None:
    rows = re.findall(r"^\| ([0-9, ]+) \| ([A-Z_, ]+) \|", PAGE.read_text(), re.MULTILINE)
    documented = {
        (code, int(status))
        for statuses, codes in rows
        for status in statuses.split(", ")
        for code in codes.split(", ")
    }
    assert {(code.value, status) for code, status in STATUSES.items()} <= documented
