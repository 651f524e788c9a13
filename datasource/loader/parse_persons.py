"""Person rows: the properties of a person, and the distinct ids that belong to it.

The newest version of a person's properties replaces all older ones. A row with distinct ids of several persons
merges them: the lowest number survives. A row with `person_distinct_id_version` assigns a distinct id to a person;
a newer version may move it to another one. A person without a distinct id left is merged into the new one,
otherwise only future events go to the new person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson

from datasource.loader.chunks import Record
from datasource.loader.event_ids import parse_uuid
from datasource.loader.limits import MAX_DISTINCT_IDS
from datasource.loader.row_fields import parse_distinct_id, parse_properties
from datasource.loader.timestamps import parse_timestamp

FIELDS: Final = frozenset(
    {
        "distinct_id",
        "distinct_ids",
        "person_id",
        "id",
        "properties",
        "created_at",
        "version",
        "person_version",
        "person_distinct_id_version",
        "is_deleted",
    }
)
_HIGHEST_VERSION: Final = 2**64 - 2


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person as a file describes it, None for what the row leaves out. `created_at` is in microseconds."""

    distinct_ids: tuple[str, ...]
    person_id: UUID | None
    properties: Mapping[str, object] | None
    created_at: int | None
    version: int | None
    distinct_id_version: int | None


def parse_person(record: Record) -> PersonRow:
    """Parse a row. Raises ValueError with the reason."""
    fields = record.fields
    if fields is None:
        raise ValueError(record.reason)
    if fields.get("event") not in (None, ""):
        raise ValueError("this is an event, and the file holds persons")
    person_id = _first(fields, "person_id", "id")
    created_at = fields.get("created_at")
    deleted = fields.get("is_deleted") in (True, 1, "1", "true")
    return PersonRow(
        distinct_ids=_distinct_ids(fields),
        person_id=None if person_id is None else parse_uuid(person_id),
        properties={} if deleted else parse_properties(fields),
        created_at=None if created_at in (None, "") else parse_timestamp(created_at),
        version=_version(_first(fields, "version", "person_version"), "version"),
        distinct_id_version=_version(_first(fields, "person_distinct_id_version"), "person_distinct_id_version"),
    )


def _first(fields: Mapping[str, object], *names: str) -> object:
    return next((value for name in names if (value := fields.get(name)) not in (None, "")), None)


def _distinct_ids(fields: Mapping[str, object]) -> tuple[str, ...]:
    many = fields.get("distinct_ids")
    if isinstance(many, str) and many:
        try:
            many = orjson.loads(many)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"distinct_ids is not a JSON list: {error}") from error
    if many not in (None, "") and not isinstance(many, list):
        raise ValueError("distinct_ids is not a list")
    found = [parse_distinct_id(each) for each in many or ()] if isinstance(many, list) else []
    if fields.get("distinct_id") not in (None, ""):
        found.append(parse_distinct_id(fields["distinct_id"]))
    if not found:
        raise ValueError("distinct_id is missing")
    if len(found) > MAX_DISTINCT_IDS:
        raise ValueError(f"has {len(found):,} distinct ids; at most {MAX_DISTINCT_IDS:,} are allowed")
    return tuple(dict.fromkeys(found))


def _version(value: object, name: str) -> int | None:
    if value is None:
        return None
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdigit() or int(text) > _HIGHEST_VERSION:
        raise ValueError(f"{name} is not an integer from 0 to 2^64 - 2")
    return int(text)
