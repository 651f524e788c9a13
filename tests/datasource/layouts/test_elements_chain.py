"""Values that ClickHouse reads from elements chains."""

import pytest

from datasource.clickhouse.engine import Engine
from datasource.layouts.contract import ELEMENTS_CHAIN, ELEMENTS_HREF, ELEMENTS_TEXTS
from datasource.layouts.native import NativeLayout
from datasource.sql.render import render
from datasource.sql.tree import Events, Named, Select, call
from tests.resolvers.trends.element_events import Element, Row, chain, insert_rows, values_of


async def test_chain_strings_and_first_link_are_read_without_escapes(engine: Engine, project_id: int) -> None:
    inner = Element("b", text='say "hi"; \\o/', page={"text": "no", "data-text": "no", "xtext": "no"})
    link = Element("a", ("md:text",), href='/a?q="x"', text="naïve 😀", page={"href": "no", "data-href": "no"})
    outer = Element("a", href="/outer", text="")
    await insert_rows(
        engine, project_id, [Row("a", chain=chain(inner, link, outer)), Row("b", chain="div;span.x:"), Row("c")]
    )
    assert await values_of(engine, project_id, ELEMENTS_TEXTS) == [['say "hi"; \\o/', "naïve 😀", ""], [], []]
    assert await values_of(engine, project_id, ELEMENTS_HREF) == ['/a?q="x"', "", ""]
    assert await values_of(engine, project_id, ELEMENTS_CHAIN) == [chain(inner, link, outer), "div;span.x:", ""]


@pytest.mark.parametrize("value", ["text=", "a:text=", '"text="', 'a:text="no"', "href=", "a:href="])
async def test_value_that_looks_like_an_attribute_is_not_one(engine: Engine, project_id: int, value: str) -> None:
    tricky = Element("a", page={"data-a": value, "data-b": "no"}, href="/yes", text="yes")
    await insert_rows(engine, project_id, [Row("a", chain=chain(tricky))])
    assert await values_of(engine, project_id, ELEMENTS_TEXTS) == [["yes"]]
    assert await values_of(engine, project_id, ELEMENTS_HREF) == ["/yes"]


def test_query_without_element_filters_does_not_read_chains() -> None:
    query = Select(columns=(Named(call("count"), "events"),), source=Events())
    assert "elements_chain" not in render(NativeLayout().lower(query)).text
