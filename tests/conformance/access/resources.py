"""Resources that cases use but the gateway does not have: registered while cases run, stored in memory."""

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from datasource.metadata.records import AccessLevel, SavedRecord
from datasource.metadata.saved import SavedKey, Visible
from datasource.metadata.store import MetadataStore
from permissions.resources import Find, Resource

MADE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Objects of one resource. Ids are unique across resources and never reused."""

    records: dict[SavedKey, SavedRecord] = field(default_factory=dict)

    def put(self, project_id: int, created_by: str | None) -> SavedRecord:
        """A new object."""
        number = next(_ids)
        record = SavedRecord(number, project_id, f"number {number}", "", created_by, MADE, MADE)
        self.records[project_id, number] = record
        return record

    def visible(self, project_id: int, visible: Visible) -> Iterator[SavedRecord]:
        """The project's objects as a list shows them."""
        for record in self.records.values():
            if record.project_id == project_id and _shows(visible, record):
                yield record

    async def find(self, _: MetadataStore, keys: Collection[SavedKey]) -> Mapping[SavedKey, SavedRecord]:
        """Find many objects at once, as the registry requires."""
        return {key: self.records[key] for key in keys if key in self.records}


_ids = itertools.count(1000)


def _shows(visible: Visible, record: SavedRecord) -> bool:
    if record.created_by is not None and record.created_by == visible.creator:
        return True
    return record.id in visible.only if visible.only is not None else record.id not in visible.hidden


SHELVES: dict[str, Shelf] = {}
"""By the resource's name."""


def _find(name: str) -> Find:
    shelf = SHELVES[name] = Shelf()
    return shelf.find


def _plain(*names: str) -> tuple[Resource, ...]:
    return tuple(Resource(name, find=_find(name)) for name in names)


def _with_children(name: str, *children: str) -> tuple[Resource, ...]:
    parent = Resource(name, find=_find(name))
    return (parent, *(Resource(child, parent=parent, find=_find(child)) for child in children))


def _seen_only(name: str) -> Resource:
    return Resource(name, default=AccessLevel.VIEWER, maximum=AccessLevel.VIEWER, find=_find(name))


_dashboard = Resource("dashboard", admins_list_all=True, find=_find("dashboard"))

RESOURCES: tuple[Resource, ...] = (
    _dashboard,
    Resource("dashboard_template", parent=_dashboard, find=_find("dashboard_template")),
    Resource("feature_flag", admins_list_all=True, find=_find("feature_flag")),
    _seen_only("activity_log"),
    _seen_only("toolbar"),
    Resource("plugin", has_resource_rules=False, find=_find("plugin")),
    *_with_children("experiment", "experiment_holdout", "experiment_saved_metric"),
    *_with_children("session_recording", "session_recording_playlist"),
    *_with_children("warehouse_objects", "warehouse_table", "warehouse_view"),
    *_with_children("customer_analytics", "customer_journey", "account"),
    *_with_children("llm_analytics", "dataset", "llm_prompt", "llm_provider_key"),
    *_with_children("web_analytics", "marketing_analytics"),
    *_plain("alert", "annotation", "batch_export", "comment", "conversation", "early_access_feature", "endpoint"),
    *_plain("error_tracking", "event_definition", "export", "external_data_source", "group", "heatmap"),
    *_plain("hog_flow", "hog_function", "integration", "logs", "notebook", "persisted_folder", "person"),
    *_plain("product_tour", "property_definition", "query", "revenue_analytics", "sharing_configuration"),
    *_plain("subscription", "survey", "task", "ticket", "webhook"),
)
"""Public objects of PostHog's scopes, with the levels, parents and lists in its documentation."""
