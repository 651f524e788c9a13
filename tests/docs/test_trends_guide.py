"""The queries of docs/trends.md return the results printed below them.

`pytest tests/docs --update-golden` rewrites the results. Review their diff like code.
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from asgi.app import create_app
from datasource.clickhouse.engine import Engine
from datasource.loader.load import LoadJob, RejectsFile, load_file
from datasource.metadata.group_types import ensure_group_type
from datasource.metadata.members import ensure_member
from datasource.metadata.organizations import ensure_organization
from datasource.metadata.projects import create_project, update_project
from datasource.metadata.store import MetadataStore
from permissions.key_issuing import issue_key
from resolvers.stores import Stores
from settings import Settings

NOW = datetime(2024, 3, 15, 12, tzinfo=UTC)
TEST_ACCOUNTS = {"key": "email", "type": "PERSON", "operator": "NOT_ICONTAINS", "value": "@shop.example"}
DOCS = Path(__file__).parents[2] / "docs"
GUIDE = DOCS / "trends.md"
EXAMPLE = re.compile(r"```json\n(?P<query>.*?)\n```\n(?:\n```text\n(?P<result>.*?)\n```\n)?", re.DOTALL)
MUTATION = re.compile(r"```graphql\n(?P<document>mutation .*?)\n```", re.DOTALL)
DOCUMENT = """
query Trend($projectId: ID!, $query: TrendQueryInput!) {
  project(id: $projectId) {
    trend(query: $query) { days hasMore series { label customName data aggregatedValue compareLabel } }
  }
}
"""


class Reader:
    """A client with a key to a project that has the guide's example events."""

    def __init__(self, client: httpx2.AsyncClient, key: str, project_id: int) -> None:
        self._client, self._key, self._project_id = client, key, project_id

    async def run(self, query: dict[str, Any]) -> str:
        data = await self.send(DOCUMENT, {"projectId": str(self._project_id), "query": query})
        return format_trend(data["project"]["trend"])

    async def send(self, document: str, variables: dict[str, Any] | None = None) -> Any:
        headers = {"authorization": f"Bearer {self._key}"}
        body = {"query": document, "variables": variables}
        answer = (await self._client.post("/graphql", json=body, headers=headers)).json()
        assert "errors" not in answer, (variables, answer["errors"])
        return answer["data"]


@pytest.fixture(scope="module")
async def reader(engine: Engine, new_settings: Callable[[str], Settings]) -> AsyncIterator[Reader]:
    settings = new_settings("guide")
    async with MetadataStore.open(settings.metadata_url) as store:
        await store.migrate()
        project_id, key = await prepare(store, engine, settings.data_dir)
        app = create_app(settings, stores=Stores(metadata=store, events=engine), clock=lambda: NOW)
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://guide") as client:
            reader = Reader(client, key, project_id)
            for mutation in MUTATION.finditer(GUIDE.read_text()):
                await reader.send(mutation["document"])
            yield reader


async def prepare(store: MetadataStore, engine: Engine, folder: Path) -> tuple[int, str]:
    organization = await ensure_organization(store, name="Shop")
    # Always a new project: `ensure_project` could find one whose events other tests have written.
    project = await create_project(store, organization_id=organization.id, name="Shop")
    await update_project(store, project.id, test_account_filters=[TEST_ACCOUNTS])
    owner = await ensure_member(store, email="reader@shop.example", organization_id=organization.id)
    issued = await issue_key(store, owner=owner, label="guide", scopes=["*"])
    for name in ("events", "persons", "groups"):
        job = LoadJob(RejectsFile(folder / "rejects"))
        path = DOCS / "examples" / f"{name}.jsonl"
        await load_file(engine, project.id, path, job, type_index=partial(ensure_group_type, store, project.id))
        assert job.report.rejected == 0
    return project.id, issued.value


def format_trend(trend: dict[str, Any]) -> str:
    """Format a result as the guide does."""
    lines = [" ".join(trend["days"])] if trend["days"] else []
    for series in trend["series"]:
        values = series["data"] if trend["days"] else [series["aggregatedValue"]]
        label = f"{series['label']} {series['compareLabel'] or ''}".strip()
        lines.append(f"{label}: {' '.join(f'{value:g}' for value in values)}")
    return "\n".join([*lines, *(["hasMore: true"] if trend["hasMore"] else [])])


async def test_every_query_returns_the_result_below_it(reader: Reader, update_golden: bool) -> None:
    text = GUIDE.read_text()
    examples = list(EXAMPLE.finditer(text))
    results = [await reader.run(json.loads(example["query"])) for example in examples]
    if update_golden:
        GUIDE.write_text(with_results(text, results))
    else:
        assert [example["result"] for example in examples] == results


def with_results(text: str, results: list[str]) -> str:
    remaining = iter(results)
    return EXAMPLE.sub(lambda match: f"```json\n{match['query']}\n```\n\n```text\n{next(remaining)}\n```\n", text)


def test_guide_mentions_every_field_of_the_query() -> None:
    text = GUIDE.read_text()
    sdl = (DOCS.parent / "schema.graphql").read_text()
    body = sdl[sdl.index("input TrendQueryInput {") :]
    fields = re.findall(r"^  (\w+): ", body[: body.index("\n}")], re.MULTILINE)
    assert len(fields) > 20
    assert [name for name in fields if not re.search(rf"\b{name}\b", text)] == []
