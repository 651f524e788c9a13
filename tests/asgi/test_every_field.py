"""Every field with every kind of key: only scopes and access levels that suffice get a value."""

import json
from typing import Final

import pytest

from tests.asgi.access_declarations import object_declarations
from tests.asgi.every_field import COLUMNS, RESOURCES, SECRET, VALUE, Keys, Site, open_keys
from tests.asgi.field_samples import OUTCOMES, SAMPLES, Sample
from tests.asgi.graphql.streams import last_event
from tests.support.gateway import Gateway

CODES: Final = {"UNAUTHENTICATED": "U", "FORBIDDEN": "F", "NOT_FOUND": "N"}


@pytest.fixture(scope="module")
async def keys(gateway: Gateway) -> Keys:
    return await open_keys(gateway)


def test_every_field_that_needs_a_key_has_a_sample() -> None:
    declared = object_declarations()
    guarded = {name for name, each in declared.items() if each.is_guarded}
    guarded |= {name for name in declared if name.startswith(("Query.", "Mutation.", "Subscription."))}
    assert {name.partition(" ")[0] for name in SAMPLES} == guarded


def test_every_entity_has_a_sample() -> None:
    entities = {name.partition(" of ")[2] for name in SAMPLES if name.startswith("Query._entities")}
    declared = object_declarations()
    assert entities == {name.partition(".")[0] for name in declared if name.endswith(".accessPolicy")} - {"Query"}


@pytest.mark.parametrize("name", SAMPLES)
async def test_field_resolves_only_with_sufficient_access(gateway: Gateway, keys: Keys, name: str) -> None:
    sample = SAMPLES[name]
    expected = dict(zip(COLUMNS, OUTCOMES[sample.outcomes], strict=True))
    sites = (keys.site, keys.strict)
    before = [await site.contents() for site in sites]
    for column in (each for each in COLUMNS if expected[each] != "+"):
        key = await keys.key(column, sample.path, sample.scopes)
        found = await outcome(gateway, keys.site_of(column), sample, key)
        assert (column, found) == (column, expected[column])
    assert [await site.contents() for site in sites] == before
    for column in (each for each in COLUMNS if expected[each] == "+"):
        key = await keys.key(column, sample.path, sample.scopes)
        found = await outcome(gateway, keys.site_of(column), sample, key)
        assert (column, found) == (column, "+")
        if sample.about in RESOURCES:
            await keys.site.renew(sample.about)


async def outcome(gateway: Gateway, site: Site, sample: Sample, key: str | None) -> str:
    """Return the letter of the sample's outcome, and check that errors reveal nothing."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    headers["accept"] = "text/event-stream" if sample.is_stream else "application/json"
    body = {"query": sample.document, "variables": site.ids}
    response = await gateway.client.post("/graphql", json=body, headers=headers)
    text = last_event(response.text) if sample.is_stream else response.text
    document = json.loads(text)
    codes = {error["extensions"]["code"] for error in document.get("errors", ())}
    if not codes and sample.shows.replace("PROJECT", site.ids["project"]) in text:
        return "+"
    assert SECRET not in text.lower()
    assert VALUE not in text
    assert len(codes) <= 1, document
    return CODES[codes.pop()] if codes else "-"
