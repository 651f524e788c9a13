"""The documents of the page on subscriptions are valid."""

import json
import re
from pathlib import Path

import pytest
from graphql import parse, validate

from schema.build import build_schema
from settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "subscriptions.md").read_text(encoding="utf-8")


def documents() -> list[str]:
    """Return the documents of the GraphQL, JavaScript and shell examples."""
    return [
        *re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL),
        *re.findall(r"= `(subscription.*?)`;", PAGE, re.DOTALL),
        *(json.loads(body)["query"] for body in re.findall(r"-d '(\{.*\})'", PAGE)),
    ]


def test_page_has_three_documents() -> None:
    assert len(documents()) == 3


@pytest.mark.parametrize("document", documents())
def test_document_is_valid(document: str) -> None:
    assert validate(build_schema(Settings())._schema, parse(document)) == []


def test_every_setting_of_the_page_exists() -> None:
    named = {name.lower() for name in re.findall(r"TRENDGATE_(\w+)", PAGE)}
    assert named
    assert named <= set(Settings.model_fields)
