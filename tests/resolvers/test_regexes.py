from pathlib import Path

import pytest

from datasource.clickhouse.engine import Engine
from datasource.metadata.store import MetadataStore
from errors import BadUserInput
from resolvers.context import RequestContext
from resolvers.regexes import check_regexes, regexes_of
from resolvers.trends.query import PropertyFilter, PropertyOperator
from tests.resolvers.test_context import context_with
from tests.support.metadata_stores import database_url, store

__all__ = ["database_url", "store"]

GOOD = ["", "a|b", r"^\d+(?i)x$", "'; SELECT 1 --", "größe", "%"]
BAD = ["(", "[a", "a**", "(?!a)", "(?<=a)b", r"\1"]


@pytest.fixture
async def context(store: MetadataStore, engine: Engine, tmp_path: Path) -> RequestContext:
    return await context_with(None, store, engine, tmp_path)


async def test_valid_expressions_pass(context: RequestContext) -> None:
    await check_regexes(context, [])
    await check_regexes(context, [(text, ()) for text in GOOD])


@pytest.mark.parametrize("bad", BAD)
async def test_invalid_expression_is_rejected_at_its_path(context: RequestContext, bad: str) -> None:
    for position in range(len(GOOD) + 1):
        texts = [*GOOD[:position], bad, *GOOD[position:]]
        with pytest.raises(BadUserInput) as caught:
            await check_regexes(context, [(text, (index,)) for index, text in enumerate(texts)])
        assert caught.value.path == (position,)
        assert caught.value.hint


async def test_many_expressions_are_checked_at_once(context: RequestContext) -> None:
    many = [(f"a{number}", (number,)) for number in range(3_000)]
    await check_regexes(context, many)
    with pytest.raises(BadUserInput) as caught:
        await check_regexes(context, [*many, ("(", ("last",))])
    assert caught.value.path == ("last",)


def test_expressions_of_filters_are_those_of_the_regex_operators() -> None:
    filters = [
        PropertyFilter("a", "x", PropertyOperator.REGEX, path=("a",)),
        PropertyFilter("b", ("y", 1.0), PropertyOperator.NOT_REGEX, path=("b",)),
        PropertyFilter("c", "(", PropertyOperator.ICONTAINS, path=("c",)),
        PropertyFilter("d", None, PropertyOperator.REGEX, path=("d",)),
    ]
    assert regexes_of(filters) == [("x", ("a", "value")), ("y", ("b", "value")), ("1", ("b", "value"))]
