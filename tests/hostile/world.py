"""A project to attack, next to one of another organization whose contents must never be seen."""

from dataclasses import dataclass
from typing import Final

from datasource.tables.steps import JSON_INSERT_SETTINGS
from tests.support.gateway import Gateway
from tests.support.seeds.organization import Organization, seed_organization

MARKER: Final = "quagga"
"""Part of everything that the other project contains. No request contains it."""
NUMBER: Final = "7281940653"
"""The sum of a property of the other project's events."""
IN_PROCESS: Final = (7_000_001, 7_000_002)
SERVED: Final = (7_000_003, 7_000_004)
"""Ids of projects that no other test has."""
_EVENTS: Final = (
    """INSERT INTO events (project_id, event, timestamp, uuid, distinct_id, person_no, person_id, properties)
SELECT {project:UInt32}, {event:String}, toDateTime64('2020-01-13 12:00:00', 6, 'UTC') - toIntervalHour(number),
    generateUUIDv4(), {person:String}, 1, generateUUIDv4(), {properties:String}
FROM numbers({count:UInt32}) SETTINGS """
    + JSON_INSERT_SETTINGS
)


_PERSON: Final = """INSERT INTO person_distinct_ids (project_id, distinct_id, person_no, version)
VALUES ({project:UInt32}, {person:String}, 1, 0)"""
_CALCULATE: Final = "mutation($project: ID!, $id: ID!) { cohortCalculate(projectId: $project, id: $id) { id } }"


@dataclass(frozen=True)
class World:
    """The ids of the attacked project's objects and of the other's, and the keys of callers."""

    ids: dict[str, str]
    foreign_ids: tuple[str, ...]
    keys: dict[str, str | None]


async def seed_world(gateway: Gateway, projects: tuple[int, int]) -> World:
    """Create both organizations, with objects and events of every kind."""
    ours = await seed_organization(gateway, "attacked", project_id=projects[0])
    theirs = await seed_organization(gateway, MARKER, project_id=projects[1])
    await _add_events(ours, "view", "d1", '{"page": "a", "price": 2.5, "email": "a"}', count=50)
    await _add_events(
        theirs, f"{MARKER} event", MARKER, f'{{"{MARKER}": "{MARKER}", "page": "{MARKER}"}}', count=5
    )
    await _add_events(theirs, "view", MARKER, f'{{"page": "{MARKER}", "price": {NUMBER}}}', count=1)
    foreign = await _objects(theirs, MARKER, f"{MARKER} event", MARKER)
    role = await ours.role("role", ours.creator)
    ids = await _objects(ours, "own", "view", "d1")
    ids |= {"project": ours.id, "missing": "999999", "member": ours.creator.member.id, "role": role.id}
    low = await ours.person("low", "project:read", "insight:read")
    return World(
        ids,
        (theirs.id, theirs.admin.member.id, *foreign.values()),
        {"all": ours.admin.key, "low": low.key, "none": None},
    )


async def _add_events(org: Organization, event: str, person: str, properties: str, *, count: int) -> None:
    project = org.project.id
    await org.gateway.stores.events.command(
        _EVENTS,
        {"project": project, "event": event, "person": person, "properties": properties, "count": count},
    )
    await org.gateway.stores.events.command(_PERSON, {"project": project, "person": person})


async def _objects(org: Organization, name: str, event: str, person: str) -> dict[str, str]:
    query = {"events": [{"event": event}], "dateFrom": "2020-01-10", "dateTo": "2020-01-14"}
    made = {
        "action": await org.action(name, event=event, description=name),
        "cohort": await org.cohort(name, description=name),
        "list": await org.cohort(f"{name} list", distinct_ids=(person,)),
        "insight": await org.insight(name, query=query, description=name),
    }
    for cohort in ("cohort", "list"):
        (await org.admin.ask(_CALCULATE, id=made[cohort])).data  # noqa: B018 - raises for errors
    return made
