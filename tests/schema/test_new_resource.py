"""A new resource gets access control as docs/access-control.md describes, with notebooks as the example."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Self

import pytest
import strawberry

from datasource.clickhouse.engine import Engine
from datasource.metadata.members import ensure_member
from datasource.metadata.projects import ensure_project
from datasource.metadata.records import ProjectRecord, SavedRecord
from datasource.metadata.saved import SavedKey
from datasource.metadata.store import MetadataStore
from permissions.enforce import READ, WRITE, controlled
from permissions.guarded_field import guarded_field
from permissions.permission_classes import Gate
from permissions.policy import Controlled
from permissions.resources import Resource, registered
from permissions.scopes import known_scopes
from resolvers.ids import read_id
from resolvers.saved import open_saved
from resolvers.stores import Stores
from schema.access import AccessControlled
from schema.build import build_schema
from schema.info import ContextInfo
from schema.query import Query
from schema.saved import ProjectId
from settings import Settings
from tests.support.api_keys import make_key
from tests.support.gateway import NOW, Gateway, open_gateway
from tests.support.metadata_stores import database_url, store

__all__ = ["database_url", "store"]

NotebookId = Annotated[strawberry.ID, strawberry.argument(description="The notebook's id.")]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Return notebooks by project and id, from memory."""

    books: dict[SavedKey, SavedRecord] = field(default_factory=dict)

    async def find(self, _: MetadataStore, keys: Collection[SavedKey]) -> Mapping[SavedKey, SavedRecord]:
        return {key: self.books[key] for key in keys if key in self.books}


SHELF = Shelf()
NOTEBOOK = Resource("notebook", find=SHELF.find)


@strawberry.type(description="A notebook.")
class Notebook(AccessControlled):
    resource: ClassVar[Resource] = NOTEBOOK
    record: strawberry.Private[SavedRecord]
    name: str = strawberry.field(description="What it is called.")

    def controlled(self) -> Controlled:
        return controlled(NOTEBOOK, self.record)

    @classmethod
    async def load(cls, info: ContextInfo, project_id: str, notebook_id: str, *, to: str) -> Self:
        project = await info.context.reach(project_id)
        record = SHELF.books.get((project.record.id, read_id(notebook_id) or 0))
        opened = open_saved(project, NOTEBOOK, record, to)
        return cls(reached=project, record=opened, id=strawberry.ID(str(opened.id)), name=opened.name)


def notebook_query() -> type:
    """Declare the fields after the resource was registered, since guards accept only known scopes."""

    @strawberry.type(name="Query", description="What can be asked.")
    class NotebookQuery(Query):
        @guarded_field(scopes=["notebook:read"], gate=Gate(NOTEBOOK), description="One notebook.")
        async def notebook(self, info: ContextInfo, project_id: ProjectId, id: NotebookId) -> Notebook:
            return await Notebook.load(info, project_id, id, to=READ)

        @guarded_field(scopes=["notebook:write"], gate=Gate(NOTEBOOK), description="One that can be changed.")
        async def own_notebook(self, info: ContextInfo, project_id: ProjectId, id: NotebookId) -> Notebook:
            return await Notebook.load(info, project_id, id, to=WRITE)

    return NotebookQuery


@pytest.fixture
def notebooks() -> Iterator[type]:
    """Register the resource and build the schema."""
    with registered(NOTEBOOK):
        yield notebook_query()


@pytest.fixture
async def project(store: MetadataStore) -> ProjectRecord:
    return await ensure_project(store, organization="Org", name="shop")


@dataclass(frozen=True, slots=True)
class Reader:
    gateway: Gateway
    project: str
    key: str

    async def open(self, field: str = "notebook") -> str:
        """Return the reader's level on notebook 1, or the code of the error."""
        query = f'{{ {field}(projectId: "{self.project}", id: "1") {{ userAccessLevel }} }}'
        answer = await self.gateway.ask(query, key=self.key)
        if "errors" in answer.body:
            return str(answer.extensions["code"])
        return str(answer.data[field]["userAccessLevel"])


SET = """
mutation($input: AccessControlSetInput!) {
  accessControlSet(input: $input) {
    accessControls { resource resourceId accessLevel }
    availableAccessLevels
    usersWithAccess { edges { node { member { email } accessLevel accessSource } } }
  }
}
"""


@pytest.mark.usefixtures("database_url")
async def test_new_resource_has_complete_access_control(
    notebooks: type, store: MetadataStore, engine: Engine, project: ProjectRecord
) -> None:
    ada = await ensure_member(store, email="ada@example.com", organization_id=project.organization_id)
    bob = await ensure_member(store, email="bob@example.com", organization_id=project.organization_id)
    SHELF.books[project.id, 1] = SavedRecord(1, project.id, "Plans", "", ada.id, NOW, NOW)
    settings = Settings()
    schema = build_schema(settings, query=notebooks)
    async with open_gateway(Stores(metadata=store, events=engine), settings, schema=schema) as gateway:
        creator = Reader(gateway, str(project.id), await make_key(store, ada, ["*"]))
        reader = Reader(gateway, str(project.id), await make_key(store, bob, ["notebook:read"]))
        assert (await creator.open(), await reader.open()) == ("MANAGER", "EDITOR")
        assert await reader.open("ownNotebook") == "FORBIDDEN"  # for want of the scope notebook:write

        change = {"projectId": str(project.id), "resource": "NOTEBOOK", "resourceId": "1", "accessLevel": "NONE"}
        answer = await gateway.ask(SET, {"input": change}, key=creator.key)
        policy = answer.data["accessControlSet"]
        assert policy["accessControls"] == [{"resource": "NOTEBOOK", "resourceId": "1", "accessLevel": "NONE"}]
        assert policy["availableAccessLevels"] == ["NONE", "VIEWER", "EDITOR", "MANAGER"]
        people = [edge["node"] for edge in policy["usersWithAccess"]["edges"]]
        assert people == [
            {"member": {"email": "ada@example.com"}, "accessLevel": "MANAGER", "accessSource": "CREATOR"}
        ]
        assert (await creator.open(), await reader.open()) == ("MANAGER", "FORBIDDEN")

        viewer = {**change, "memberId": bob.id, "accessLevel": "VIEWER"}
        await gateway.ask(SET, {"input": viewer}, key=creator.key)
        assert await reader.open() == "VIEWER"


def test_new_resource_has_scopes_and_a_name_in_the_api(notebooks: type) -> None:
    assert {"notebook:read", "notebook:write"} <= set(known_scopes())
    sdl = build_schema(Settings(), query=notebooks).as_str()
    assert "type Notebook implements AccessControlled" in sdl
    assert "NOTEBOOK" in sdl


def test_resource_that_is_not_registered_is_unknown() -> None:
    assert "notebook:read" not in known_scopes()
    assert "NOTEBOOK" not in build_schema(Settings()).as_str()
