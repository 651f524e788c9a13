"""Sessions of a PostHog installation, from its table of them and from the events."""

import pytest

from datasource.clickhouse.engine import Engine
from datasource.layouts.contract import DISTINCT_ID, session_number, session_text
from datasource.layouts.posthog_columns import PostHogColumns
from datasource.sql.render import render
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import Events, Expr, Named, Order, Param, Select
from resolvers.trends.channels import session_channel
from tests.support.posthog_tables import DATABASE, PostHogSeeds, without_sessions
from tests.support.seeds.events import Event, Value

# UUIDs of version 7; the first 48 bits are milliseconds: 10 January 2020, 10:00, and 1 January.
SESSION = "016f8ee5-7500-7000-8000-000000000001"
OLD_SESSION = "016f5e66-e800-7000-8000-000000000001"
NEAR = (
    Param("2020-01-09 00:00:00", "DateTime64(6, 'UTC')"),
    Param("2020-01-12 00:00:00", "DateTime64(6, 'UTC')"),
)


@pytest.fixture(params=["table", "events"])
def seeds(request: pytest.FixtureRequest, engine: Engine, posthog: PostHogColumns) -> PostHogSeeds:
    return PostHogSeeds.new(engine, posthog if request.param == "table" else without_sessions(posthog))


async def _read(seeds: PostHogSeeds, *columns: Expr, near: bool = True) -> list[tuple[object, ...]]:
    named = tuple(Named(column, f"c{n}") for n, column in enumerate(columns))
    query = Select(named, Events(near=NEAR if near else None), order_by=(Order(DISTINCT_ID),))
    statement = render(scope_to_project(seeds.layout.lower(query), seeds.project.id))
    return list((await seeds.engine.query(statement.text, statement.params)).rows())


def _event(name: str, clock: str, url: str | None = None, session: str = SESSION, **more: Value) -> Event:
    path = {} if url is None else {"$pathname": "/" + url.split("/", 3)[3], "$host": url.split("/")[2]}
    address = {} if url is None else {"$current_url": url}
    return Event(
        name, f"2020-01-10 {clock}", 1, {"$session_id": session, **address, **path, **more}, f"{clock}{name}"
    )


async def test_fields_of_a_session_are_those_of_all_of_its_events(seeds: PostHogSeeds) -> None:
    await seeds.add_events(
        [
            _event(
                "$pageview", "10:00:00", "https://a.example/in", utm_source="mail", **{"$referring_domain": "r"}
            ),
            _event("$autocapture", "10:00:30.5", "https://b.example/mid", utm_source="other"),
            _event("$screen", "10:05:01", "https://c.example/out"),
            Event("e", "2020-01-11", 1, {}, "without"),
        ]
    )
    await seeds.fill_sessions()
    keys = ("$session_duration", "$pageview_count", "$autocapture_count", "$screen_count")
    rows = await _read(seeds, *(field(key) for key in keys for field in (session_number, session_text)))
    assert rows == [(301, "301", 1, "1", 1, "1", 1, "1")] * 3 + [(None,) * 8]
    texts = (
        "$start_timestamp",
        "$end_timestamp",
        "$entry_current_url",
        "$entry_pathname",
        "$entry_hostname",
        "$end_current_url",
        "$end_pathname",
        "$end_hostname",
        "$entry_utm_source",
        "$entry_utm_term",
        "$entry_referring_domain",
    )
    assert (await _read(seeds, *map(session_text, texts)))[0] == (
        "2020-01-10 10:00:00.000000",
        "2020-01-10 10:05:01.000000",
        "https://a.example/in",
        "/in",
        "a.example",
        "https://c.example/out",
        "/out",
        "c.example",
        "mail",
        None,
        "r",
    )


async def test_sessions_of_another_team_are_not_joined(seeds: PostHogSeeds, posthog: PostHogColumns) -> None:
    other = PostHogSeeds.new(seeds.engine, posthog)
    await other.add_events([_event("$pageview", "09:00:00")])
    await seeds.add_events([_event("$pageview", "10:00:00")])
    for each in (seeds, other):
        await each.fill_sessions()
    assert await _read(seeds, session_number("$session_duration"), session_number("$pageview_count")) == [(0, 1)]


async def test_sessions_from_the_table_are_limited_to_the_range(engine: Engine, posthog: PostHogColumns) -> None:
    seeds = PostHogSeeds.new(engine, posthog)
    await seeds.add_events([_event("a", "10:00:00"), _event("b", "10:00:00", session=OLD_SESSION)])
    await seeds.fill_sessions()
    assert await _read(seeds, session_number("$session_duration")) == [(0,), (None,)]
    assert await _read(seeds, session_number("$session_duration"), near=False) == [(0,), (0,)]


async def test_table_knows_sessions_by_uuids_only(engine: Engine, posthog: PostHogColumns) -> None:
    for columns, duration in ((posthog, None), (without_sessions(posthog), 0)):
        seeds = PostHogSeeds.new(engine, columns)
        await seeds.add_events([_event("a", "10:00:00", session="s1"), _event("b", "10:00:00", session="")])
        await seeds.fill_sessions()
        assert await _read(seeds, session_number("$session_duration")) == [(duration,), (None,)]


async def test_sessions_are_read_from_one_table(seeds: PostHogSeeds) -> None:
    query = Select((Named(session_text("$session_duration"), "x"),), Events(near=NEAR))
    text = render(seeds.layout.lower(query)).text
    assert (f"FROM {DATABASE}.raw_sessions" in text) is seeds.layout.columns.has_sessions
    assert text.count(f"FROM {DATABASE}.events") == (1 if seeds.layout.columns.has_sessions else 2)


async def test_channel_of_a_session_is_computed(seeds: PostHogSeeds) -> None:
    ad: dict[str, Value] = {"utm_source": "google", "gclid": "abc", "$referring_domain": "www.google.com"}
    await seeds.add_events(
        [_event("a", "10:00:00", None, SESSION, **ad), Event("e", "2020-01-11", 1, {}, "without")]
    )
    await seeds.fill_sessions()
    assert await _read(seeds, session_channel()) == [("Paid Search",), (None,)]
