"""Values are compared with what plain Python counts in the same rows."""

import itertools
from collections import Counter
from collections.abc import Mapping

import pytest

from datasource.clickhouse.engine import Engine, Limits
from datasource.events import property_values
from datasource.events.definition_pages import ProjectReader
from datasource.events.definitions import PropertyOwner, PropertySet
from datasource.events.property_values import (
    MAX_VALUE_LENGTH,
    find_dates,
    find_session_values,
    find_values,
)
from tests.support.seeds.events import Event, EventSeeds, Value

EVENTS, PERSONS = PropertySet(PropertyOwner.EVENT), PropertySet(PropertyOwner.PERSON)


@pytest.fixture
async def seeds(engine: Engine) -> EventSeeds:
    return EventSeeds.new(engine)


@pytest.fixture
async def place(seeds: EventSeeds) -> ProjectReader:
    return source(seeds)


def source(seeds: EventSeeds) -> ProjectReader:
    return ProjectReader(seeds.engine, seeds.project.id, Limits(seconds=20))


def bought(at: str = "2020-01-10", **properties: Value) -> Event:
    return Event("buy", at, properties=properties)


async def values(
    place: ProjectReader, key: str, of: PropertySet = EVENTS, *, first: int = 500, search: str = ""
) -> list[tuple[Value, int]]:
    """The values with their counts, in order."""
    found = await find_values(place, of, key, first=first, search=search)
    return [(each.value, each.count) for each in found]


async def test_values_keep_their_json_types(seeds: EventSeeds, place: ProjectReader) -> None:
    given: list[Value] = [1, 1, "1", 1.5, True, False, True, "true", "", None, -7, 2**63, 1e21, "é 日本", "'; --"]
    await seeds.add_events([bought(k=value) for value in given])
    found = await values(place, "k")
    expected = Counter((type(value), value) for value in given if value is not None)
    assert Counter({(type(value), value): count for value, count in found}) == expected
    assert [count for _, count in found] == sorted(expected.values(), reverse=True)


@pytest.mark.parametrize(
    "key", ["a.b", "$x", "it's", 'say "hi"', "`t`", "日本", "a b", "back\\slash", "{p0:String}"]
)
async def test_values_of_odd_keys_are_found(seeds: EventSeeds, place: ProjectReader, key: str) -> None:
    await seeds.add_events([Event("buy", "2020-01-10", properties={key: "here", "other": "there"})])
    assert await values(place, key) == [("here", 1)]


async def test_unknown_key_has_no_values(seeds: EventSeeds, place: ProjectReader) -> None:
    await seeds.add_events([bought(k=1)])
    assert await values(place, "no such") == []
    assert await values(place, "k", PERSONS) == []
    assert await values(place, "k", PropertySet(PropertyOwner.GROUP, 0)) == []


async def test_values_are_ordered_by_frequency_then_value(seeds: EventSeeds, place: ProjectReader) -> None:
    cities = ["b", "a", "c", "c", "d", "d", "d"]
    await seeds.add_events([bought(city=city) for city in cities])
    assert await values(place, "city", first=3) == [("d", 3), ("c", 2), ("a", 1)]


@pytest.mark.parametrize(
    ("search", "found"),
    [("ro", ["ROME", "euro", "Rouen"]), ("É", ["é"]), ("12", [123]), ("RU", [True]), ("%", ["5%"]), ("zz", [])],
)
async def test_search_matches_values_as_strings(
    seeds: EventSeeds, place: ProjectReader, search: str, found: list[Value]
) -> None:
    given: list[Value] = ["ROME", "euro", "Rouen", "é", 123, True, "5%"]
    await seeds.add_events([bought(k=value) for value in given])
    assert {value for value, _ in await values(place, "k", search=search)} == set(found)


async def test_values_of_another_project_are_not_there(seeds: EventSeeds, place: ProjectReader) -> None:
    other = EventSeeds.new(seeds.engine)
    await seeds.add_events([bought(k="mine")])
    await seeds.add_persons({1: {"k": "my person"}})
    await seeds.add_groups(0, {"acme": {"k": "my group"}})
    await other.add_events([bought("2020-03-01", k="theirs", l="theirs")] * 3)
    await other.add_persons({number: {"k": "their person"} for number in range(1, 9)})
    await other.add_groups(0, {"acme": {"k": "their group"}, "init": {"k": "x"}})
    await other.merge({1: 2})
    assert await values(place, "k") == [("mine", 1)]
    assert await values(place, "l") == []
    assert await values(place, "k", PERSONS) == [("my person", 1)]
    assert await values(place, "k", PropertySet(PropertyOwner.GROUP, 0)) == [("my group", 1)]


async def test_values_long_before_the_last_event_that_may_have_the_key_are_left_out(
    seeds: EventSeeds, place: ProjectReader
) -> None:
    await seeds.add_events([bought("2020-03-31 12:00", k="last"), bought("2020-03-02", k="within")])
    await seeds.add_events(
        [bought("2020-03-01 11:00", k="before"), Event("view", "2021-01-01", properties={"l": 1})]
    )
    assert {value for value, _ in await values(place, "k")} == {"last", "within"}


async def test_values_are_those_of_the_newest_rows(
    seeds: EventSeeds, place: ProjectReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(property_values, "NEWEST_ROWS", 3)
    hours = [f"2020-01-{day} {hour}:30" for day in ("09", "10") for hour in ("10", "11")]
    await seeds.add_events([bought(at, k=at) for at in hours for _ in range(2)])
    found = dict(await values(place, "k"))
    assert set(found) == set(hours[2:])
    assert sum(found.values()) == 3


async def test_very_long_strings_are_left_out(seeds: EventSeeds, place: ProjectReader) -> None:
    longest = "é" * MAX_VALUE_LENGTH
    await seeds.add_events([bought(k=longest), bought(k=longest + "é")])
    assert await values(place, "k") == [(longest, 1)]


async def test_values_of_persons_are_those_of_now(seeds: EventSeeds, place: ProjectReader) -> None:
    await seeds.add_persons({1: {"p.l": "a"}, 2: {"p.l": "b"}, 3: {"p.l": "b"}, 4: {"p.l": 4}})
    await seeds.add_persons({1: {"p.l": "b"}}, version=2)
    await seeds.merge({3: 1})
    assert await values(place, "p.l", PERSONS) == [("b", 2), (4, 1)]


async def test_values_of_the_newest_persons_only(
    seeds: EventSeeds, place: ProjectReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(property_values, "NEWEST_ROWS", 2)
    await seeds.add_persons({number: {"k": number} for number in (1, 2, 5, 6)})
    assert sorted(await values(place, "k", PERSONS)) == [(5, 1), (6, 1)]


async def test_values_of_groups_are_of_their_type(seeds: EventSeeds, place: ProjectReader) -> None:
    await seeds.add_groups(0, {"acme": {"size": 3}, "init": {"size": 3}, "x": {"size": "3"}})
    await seeds.add_groups(1, {"acme": {"size": 9}})
    assert await values(place, "size", PropertySet(PropertyOwner.GROUP, 0)) == [(3, 2), ("3", 1)]
    assert await values(place, "size", PropertySet(PropertyOwner.GROUP, 1)) == [(9, 1)]


async def sessions(place: ProjectReader, key: str, search: str = "") -> list[tuple[Value, int]]:
    found = await find_session_values(place, key, first=500, search=search)
    return [(each.value, each.count) for each in found]


async def test_values_of_sessions_count_sessions(seeds: EventSeeds, place: ProjectReader) -> None:
    def viewed(at: str, session: str, url: str) -> Event:
        return Event("$pageview", at, properties={"$session_id": session, "$current_url": url})

    await seeds.add_events(
        [
            viewed("2020-01-10 10:00:00", "s1", "/a"),
            viewed("2020-01-10 10:00:30", "s1", "/b"),
            viewed("2020-01-10 11:00:00", "s2", "/a"),
            viewed("2020-01-10 12:00:00", "s3", "/c"),
            Event("no session", "2020-01-10 12:00:00", properties={"$current_url": "/d"}),
        ]
    )
    assert await sessions(place, "$entry_current_url") == [("/a", 2), ("/c", 1)]
    assert await sessions(place, "$entry_current_url", "C") == [("/c", 1)]
    assert await sessions(place, "$session_duration") == [(0, 2), (30, 1)]
    assert await sessions(place, "$pageview_count") == [(1, 2), (2, 1)]
    assert await sessions(place, "$entry_utm_source") == []
    assert await sessions(source(EventSeeds.new(seeds.engine)), "$entry_current_url") == []


DATES: Mapping[str, list[Value]] = {
    "day": ["2020-01-05", "1999-12-31"],
    "instant": ["2020-01-05T10:00:00Z", "2020-01-05 10:00", "2020-01-05T10:00:00.123+02:00", None],
}
NO_DATES: Mapping[str, list[Value]] = {
    "mixed": ["2020-01-05", "soon"],
    "no such day": ["2020-13-45"],
    "year": ["2020"],
    "version": ["2020-01-05-1"],
    "empty": ["", "2020-01-05"],
    "digits": ["1578182400"],
}


async def test_property_is_a_date_if_all_its_strings_are_dates(seeds: EventSeeds, place: ProjectReader) -> None:
    numbers = itertools.count(1)
    for key, given in {**DATES, **NO_DATES}.items():
        await seeds.add_events([Event("buy", "2020-01-10", properties={key: value}) for value in given])
        await seeds.add_persons({next(numbers): {key: value} for value in given})
    keys = [*DATES, *NO_DATES, "no such key"]
    assert await find_dates(place, EVENTS, keys) == set(DATES)
    for key in keys:
        assert await find_dates(place, PERSONS, [key]) == ({key} & set(DATES))
    assert await find_dates(place, EVENTS, []) == frozenset()
