"""The tables of the page on limits. `pytest tests/docs --update-golden` rewrites the one of the settings."""

import re
from pathlib import Path

import pytest

from asgi.graphql.websocket_messages import MAX_ID_LENGTH
from asgi.sockets.http_protocol import HEAD_BYTES, MAX_PIPELINED
from datasource.clickhouse.engine import Limits
from datasource.sql import render
from errors import MAX_VALUE_LENGTH, ErrorCode
from resolvers.cohort_references import MAX_REFERENCES
from resolvers.saved import LARGEST_PAGE
from resolvers.trends import input_sizes, statements
from resolvers.trends.buckets import MAX_BUCKETS
from resolvers.trends.formula import MAX_OPERATIONS
from resolvers.trends.hogql.grammar import LONGEST_TEXT
from schema.breakdown_reader import MAX_COHORTS
from schema.entity_references import MAX_ENTITIES
from schema.errors import MAX_ERRORS
from schema.extensions.document_limits import MAX_SCHEMA_FIELDS, MAX_WORD_LENGTH
from schema.extensions.limits import MAX_NESTING
from schema.input_checks import LONGEST_NAME
from schema.trend_query_reader import MAX_SERIES
from settings import Limit, Settings

PATH = Path(__file__).parents[2] / "docs" / "limits.md"
HEADER = "| limit | setting | default | effect | unit |\n|---|---|---|---|---|\n"
TABLE = re.compile(rf"(?<={re.escape(HEADER)})(?:\|.*\n)*")
WITHOUT_SETTING = {
    "rows that a ClickHouse query returns": Limits().result_rows,
    "characters of the SQL of a ClickHouse query": render.MAX_CHARACTERS,
    "characters of the SQL of a trend": statements.MAX_CHARACTERS,
    "buckets of a trend, and `smoothingIntervals`": MAX_BUCKETS,
    "operations of the formulas of a trend, over all buckets and breakdown values": MAX_OPERATIONS,
    "values of a filter with EXACT, IS_NOT, IN or NOT_IN": input_sizes.MAX_LISTED_VALUES,
    "values of a filter with another operator, or on cohorts or elements": input_sizes.MAX_VALUES,
    "characters of a filter's value": input_sizes.MAX_VALUE_LENGTH,
    "values of all filters of a trend, an action or a cohort": input_sizes.MAX_ALL_VALUES,
    "conditions of all filters: one for each value of another operator": input_sizes.MAX_CONDITIONS,
    "characters of a regular expression": input_sizes.MAX_REGEX_LENGTH,
    "parts of a regular expression, with its repetitions written out": input_sizes.MAX_REGEX_SIZE,
    "parts of all regular expressions and selectors of a trend, an action or a cohort": (
        input_sizes.MAX_ALL_REGEX_SIZES
    ),
    "characters of a HogQL expression": LONGEST_TEXT,
    "characters of all different HogQL expressions of a trend, an action or a cohort": (
        input_sizes.MAX_HOGQL_LENGTH
    ),
    "cohorts in a breakdown": MAX_COHORTS,
    "cohorts that a trend, an action or a cohort refers to": MAX_REFERENCES,
    "series of a trend, and formulas": MAX_SERIES,
    "characters of a name or key": LONGEST_NAME,
    "bytes of a request's head": HEAD_BYTES,
    "requests of a connection that wait for an answer": MAX_PIPELINED,
    "entity references from a router": MAX_ENTITIES,
    "objects on a page (`first`)": LARGEST_PAGE,
    "characters of a name or number in a document": MAX_WORD_LENGTH,
    "fields `__schema` and `_service` in a document": MAX_SCHEMA_FIELDS,
    "characters of an operation's id on a WebSocket": MAX_ID_LENGTH,
    "levels of lists and objects in variables": MAX_NESTING,
    "errors in a response": MAX_ERRORS,
    "characters of a value that a message repeats": MAX_VALUE_LENGTH,
}
SIZES = {"GiB": 1024**3, "MiB": 1024**2, "KiB": 1024}


def write_default(default: float | None, unit: str) -> str:
    if default is None:
        return "see the setting"
    if default == 0:
        return "no limit"
    for name, size in SIZES.items():
        if unit == "bytes" and default % size == 0:
            return f"{default // size:,} {name}"
    return f"{default:,.0f}" if default == int(default) else f"{default:,}"


def limits() -> dict[str, Limit]:
    marks = {
        name: [mark for mark in field.metadata if isinstance(mark, Limit)]
        for name, field in Settings.model_fields.items()
    }
    return {name: found[0] for name, found in marks.items() if found}


def write_rows() -> str:
    rows = []
    for name, limit in limits().items():
        field = Settings.model_fields[name]
        what = (field.description or "").removeprefix("Maximum ").removesuffix(".")
        default = write_default(field.default, limit.unit)
        rows.append(f"| {what} | `TRENDGATE_{name.upper()}` | {default} | {limit.effect} | {limit.unit} |\n")
    return "".join(rows)


def test_table_is_that_of_the_settings(update_golden: bool) -> None:
    page = PATH.read_text(encoding="utf-8")
    if update_golden:
        PATH.write_text(TABLE.sub(lambda _: write_rows(), page), encoding="utf-8")
    else:
        assert TABLE.findall(page) == [write_rows()]


def test_every_maximum_is_marked_as_a_limit() -> None:
    maximums = {
        name for name, field in Settings.model_fields.items() if (field.description or "").startswith("Maximum ")
    }
    assert maximums == set(limits())


@pytest.mark.parametrize("limit", limits().values(), ids=limits())
def test_effect_is_a_code_or_in_words(limit: Limit) -> None:
    assert limit.effect in set(ErrorCode) or not limit.effect.isupper()


def test_limits_without_a_setting_are_those_of_the_code() -> None:
    page = PATH.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([\d,]+) \| [^|]+ \|$", page, re.MULTILINE)
    assert {limit: int(value.replace(",", "")) for limit, value in rows} == WITHOUT_SETTING
