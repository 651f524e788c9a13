"""The SDL composes with another subgraph, by the composers of three vendors."""

from typing import Any

import pytest

from schema.build import print_sdl
from tests.federation import scripts

pytestmark = pytest.mark.usefixtures("tools")

BILLING = (scripts.HERE / "billing.graphql").read_text(encoding="utf-8")
COMPOSERS = ("apollo", "guild", "cosmo")


async def compose(**sdls: str) -> Any:
    return await scripts.run(
        "compose.mjs", stdin=scripts.subgraphs(**{name: (f"http://{name}", sdl) for name, sdl in sdls.items()})
    )


async def test_sdl_composes_with_another_subgraph_without_error_or_hint() -> None:
    composed = await compose(trendgate=print_sdl(), billing=BILLING)
    assert [composed[composer]["errors"] for composer in COMPOSERS] == [[], [], []]
    assert (composed["apollo"]["hints"], composed["cosmo"]["hints"]) == ([], [])
    for composer in COMPOSERS:
        supergraph = composed[composer]["supergraph"]
        assert "insights" in supergraph
        assert "plan: Plan!" in supergraph


async def test_access_directives_are_in_the_supergraph() -> None:
    composed = await compose(trendgate=print_sdl(), billing=BILLING)
    for composer in COMPOSERS:
        assert '@requiresScopes(scopes: [["insight:read"]])' in composed[composer]["supergraph"]
        assert "@authenticated" in composed[composer]["supergraph"]


async def test_sdl_composes_alone() -> None:
    composed = await compose(trendgate=print_sdl())
    assert [composed[composer]["errors"] for composer in COMPOSERS] == [[], [], []]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (BILLING.replace("type PageInfo @shareable", "type PageInfo"), "PageInfo.hasNextPage"),
        (BILLING.replace('@key(fields: "id")', ""), "Project.id"),
        (BILLING.replace("hasNextPage: Boolean!", "hasNextPage: String!"), "PageInfo.hasNextPage"),
    ],
)
async def test_composers_reject_incompatible_subgraphs(broken: str, message: str) -> None:
    # Proves that the composers check anything at all.
    composed = await compose(trendgate=print_sdl(), billing=broken)
    for composer in COMPOSERS:
        # Not every composer writes a field's coordinate.
        said = [all(name in error for name in message.split(".")) for error in composed[composer]["errors"]]
        assert any(said), composed[composer]["errors"]


async def test_assumed_size_beside_an_argument_with_a_default_is_rejected() -> None:
    sized = '@listSize(slicingArguments: ["first"]'
    sdl = print_sdl()
    assert sized in sdl
    composed = await compose(trendgate=sdl.replace(sized, f"{sized}, assumedSize: 50"))
    assert any('slicing argument "first" has a default value' in error for error in composed["cosmo"]["errors"])
