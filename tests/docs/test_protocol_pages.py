"""The pages about HTTP, federation and persisted operations match the code."""

import re
from pathlib import Path

import pytest
from graphql import parse

from asgi.middleware.compression import MIN_BYTES
from asgi.middleware.cors import ALLOWED_HEADERS, EXPOSED_HEADERS, MAX_AGE_S
from errors import ErrorCode
from schema.build import FEDERATION_VERSION
from schema.entity_references import ENTITIES, MAX_ENTITIES
from schema.extensions.manifest import APOLLO_FORMAT
from settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
HTTP, FEDERATION, PERSISTED = (
    (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("http", "federation", "persisted-operations")
)


@pytest.mark.parametrize("page", [HTTP, FEDERATION, PERSISTED])
def test_settings_of_the_page_exist(page: str) -> None:
    named = {name.lower() for name in re.findall(r"`TRENDGATE_([A-Z_]+)", page)}
    assert named
    assert named - set(Settings.model_fields) == set()


def test_federation_page_lists_the_entities() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([\w ]+)` \| `(\w+):read` \|$", FEDERATION, re.MULTILINE)
    assert {name: keys.split() for name, keys, _ in rows} == {name: [*keys] for name, keys in ENTITIES.items()}
    assert all(scope == name.lower() for name, _, scope in rows)


def test_federation_examples_are_valid_in_its_version() -> None:
    for example in re.findall(r"```graphql\n(.*?)```", FEDERATION, re.DOTALL):
        parse(example)
    assert set(re.findall(r"federation/v([\d.]+)", FEDERATION)) == {FEDERATION_VERSION}
    assert f"hold {MAX_ENTITIES} of them" in FEDERATION
    assert f"| entity references from a router | {MAX_ENTITIES} |" in HTTP


def test_persisted_operations_page_lists_all_codes() -> None:
    codes = {str(code) for code in ErrorCode if code.startswith("PERSISTED_")}
    assert set(re.findall(r"^\| `(PERSISTED_\w+)` \|", PERSISTED, re.MULTILINE)) == codes
    assert APOLLO_FORMAT in PERSISTED


def test_http_page_has_the_actual_numbers_and_headers() -> None:
    assert f"Responses of {MIN_BYTES:,} bytes or more" in HTTP
    assert f"preflight responses for {MAX_AGE_S // 3600} hours" in HTTP
    section = HTTP.split("## Cross-origin requests")[1]
    for header in (*ALLOWED_HEADERS, *EXPOSED_HEADERS):
        assert header in section or header.startswith(("apollo", "x-apollo")), header
