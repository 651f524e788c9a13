"""The gateway's schema with fields for the registered resources, guarded like its own."""

from collections.abc import Sequence
from dataclasses import replace
from types import GenericAlias
from typing import Annotated, Any, ClassVar, Self

import strawberry

from datasource.metadata.records import SavedRecord
from permissions.enforce import READ, WRITE, require_caller
from permissions.guarded_field import guarded_field
from permissions.permission_classes import Gate
from permissions.reach import ReachedProject
from permissions.resources import Resource, find_resource
from resolvers.context import RequestContext
from resolvers.ids import read_id
from resolvers.saved import open_saved, visible
from schema.build import GatewaySchema, build_schema
from schema.info import ContextInfo
from schema.mutation import Mutation
from schema.query import Query
from schema.saved import ProjectId, Saved
from settings import Settings
from tests.conformance.access.resources import RESOURCES, SHELVES

ObjectId = Annotated[strawberry.ID, strawberry.argument(description="The object's id.")]


def build_access_schema(settings: Settings) -> GatewaySchema:
    """Add fields to list, open, create, update and delete every resource. The resources must be registered."""
    reading: dict[str, object] = {}
    writing: dict[str, object] = {}
    for resource in RESOURCES:
        shown = _type(resource)
        reading |= _reading(resource, shown)
        writing |= _writing(resource, shown)
    return build_schema(
        settings, query=_root("Query", Query, reading), mutation=_root("Mutation", Mutation, writing)
    )


def build_scoped_schema(settings: Settings, resource: str, scopes: Sequence[str]) -> GatewaySchema:
    """Add a Query field `act` for the resource that declares these scopes."""
    kind = find_resource(resource)

    async def act(info: ContextInfo, project_id: ProjectId) -> bool:
        await info.context.reach(project_id)
        return True

    gate = None if kind is None else Gate(kind)
    field = guarded_field(scopes=scopes, gate=gate, resolver=act, description="Do something.")
    return build_schema(settings, query=_root("Query", Query, {"act": field}))


def _root(name: str, base: type, fields: dict[str, object]) -> type:
    root: type = strawberry.type(type(name, (base,), fields), name=name, description="The cases' root.")
    return root


def field_name(verb: str, resource: str) -> str:
    """Return the field's GraphQL name: listNotebook, openFeatureFlag."""
    return verb + "".join(part.capitalize() for part in resource.split("_"))


class Kept(Saved):
    """An object of a shelf."""

    @classmethod
    def from_record(cls, project: ReachedProject, record: SavedRecord) -> Self:
        return cls._show(project, record)


def _type(kind: Resource) -> type[Kept]:
    @strawberry.type(name=field_name("Kept", kind.name), description="An object.")
    class KeptKind(Kept):
        resource: ClassVar[Resource] = kind

    return KeptKind


def _open(project: ReachedProject, resource: Resource, object_id: str, to: str) -> SavedRecord:
    key = (project.record.id, read_id(object_id) or 0)
    return open_saved(project, resource, SHELVES[resource.name].records.get(key), to)


def _reading(resource: Resource, shown: type[Kept]) -> dict[str, object]:
    async def list_all(info: ContextInfo, project_id: ProjectId) -> list[Any]:
        project = await info.context.reach(project_id)
        seen = visible(project, resource, includes_hidden=False)
        records = SHELVES[resource.name].visible(project.record.id, seen)
        return [shown.from_record(project, record) for record in records]

    async def open_one(info: ContextInfo, project_id: ProjectId, id: ObjectId) -> Any:
        project = await info.context.reach(project_id)
        return shown.from_record(project, _open(project, resource, id, READ))

    options: dict[str, Any] = {
        "scopes": [f"{resource.name}:read"],
        "gate": Gate(resource),
        "description": "Read.",
    }
    several = GenericAlias(list, (shown,))
    return {
        f"list_{resource.name}": guarded_field(**options, resolver=list_all, graphql_type=several),
        f"open_{resource.name}": guarded_field(**options, resolver=open_one, graphql_type=shown),
    }


def _writing(resource: Resource, shown: type[Kept]) -> dict[str, object]:
    shelf = SHELVES[resource.name]

    async def create(info: ContextInfo, project_id: ProjectId) -> Any:
        project = await info.context.reach(project_id)
        return shown.from_record(project, shelf.put(project.record.id, require_caller(info.context).user_id))

    async def update(info: ContextInfo, project_id: ProjectId, id: ObjectId) -> Any:
        project, key = await _change(info.context, project_id, id)
        shelf.records[key] = replace(shelf.records[key], name="changed")
        return shown.from_record(project, shelf.records[key])

    async def delete(info: ContextInfo, project_id: ProjectId, id: ObjectId) -> Any:
        project, key = await _change(info.context, project_id, id)
        return shown.from_record(project, shelf.records.pop(key))

    async def _change(context: RequestContext, project_id: str, id: str) -> tuple[ReachedProject, tuple[int, int]]:
        project = await context.reach(project_id)
        return project, (project.record.id, _open(project, resource, id, WRITE).id)

    options: dict[str, Any] = {
        "scopes": [f"{resource.name}:write"],
        "description": "Write.",
        "graphql_type": shown,
    }
    return {
        f"create_{resource.name}": guarded_field(**options, gate=Gate(resource, strictly=True), resolver=create),
        f"update_{resource.name}": guarded_field(**options, gate=Gate(resource), resolver=update),
        f"delete_{resource.name}": guarded_field(**options, gate=Gate(resource), resolver=delete),
    }
