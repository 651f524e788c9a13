"""The JSON that the metadata store holds of filters, action steps and cohort groups.

A document has every field but `path`, under its GraphQL name. A field that is missing has its default.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter
from pydantic.alias_generators import to_camel

from datasource.metadata.records import ActionRecord
from resolvers.trends.actions import Action, ActionStep
from resolvers.trends.cohorts import CohortDefinition, CohortGroup
from resolvers.trends.query import InputPath, PropertyFilter

Documents = Sequence[Mapping[str, object]]

T = TypeVar("T")

_CAMEL_CASE = ConfigDict(alias_generator=to_camel)
_FILTERS = TypeAdapter(tuple[PropertyFilter, ...], config=_CAMEL_CASE)
_STEPS = TypeAdapter(tuple[ActionStep, ...], config=_CAMEL_CASE)
_GROUPS = TypeAdapter(tuple[CohortGroup, ...], config=_CAMEL_CASE)

# Paths are about the input of one request.
_FILTER_PATHS = {"__all__": {"path": True}}
_STEP_PATHS = {"__all__": {"properties": _FILTER_PATHS}}
_BEHAVIOR_PATHS = {"__all__": {"path": True, "properties": _FILTER_PATHS}}
_GROUP_PATHS = {"__all__": {"path": True, "properties": _FILTER_PATHS, "behaviors": _BEHAVIOR_PATHS}}


def dump_filters(filters: Sequence[PropertyFilter]) -> list[dict[str, object]]:
    return _dump(_FILTERS, tuple(filters), exclude=_FILTER_PATHS)


def load_filters(stored: Documents, path: InputPath) -> tuple[PropertyFilter, ...]:
    """Errors about these filters get `path`. Raises ValueError for damaged documents."""
    return _with_path(_load(_FILTERS, stored), path)


def dump_steps(steps: Sequence[ActionStep]) -> list[dict[str, object]]:
    return _dump(_STEPS, tuple(steps), exclude=_STEP_PATHS)


def load_action(record: ActionRecord, path: InputPath = ()) -> Action:
    """Errors about the action's filters get `path`. Raises ValueError for damaged documents."""
    steps = _load(_STEPS, record.steps)
    return Action(
        record.id,
        record.name,
        tuple(replace(step, properties=_with_path(step.properties, path)) for step in steps),
    )


def dump_groups(definition: CohortDefinition) -> list[dict[str, object]]:
    return _dump(_GROUPS, definition.groups, exclude=_GROUP_PATHS)


def load_definition(stored: Documents) -> CohortDefinition:
    """Raises ValueError for damaged documents."""
    return CohortDefinition(_load(_GROUPS, stored))


def _dump(adapter: TypeAdapter[T], value: T, *, exclude: dict[str, Any]) -> list[dict[str, object]]:
    documents: list[dict[str, object]] = adapter.dump_python(value, mode="json", by_alias=True, exclude=exclude)
    return documents


def _load(adapter: TypeAdapter[T], stored: Documents) -> T:
    # Strict, so that "7" is not a number; and from JSON, where strict validation takes lists for tuples.
    return adapter.validate_json(json.dumps(stored), strict=True)


def _with_path(filters: tuple[PropertyFilter, ...], path: InputPath) -> tuple[PropertyFilter, ...]:
    return tuple(replace(item, path=path) for item in filters)
