"""GraphQL over HTTP, as the reference implementation's audit asks for it."""

import pytest

from tests.federation import node
from tests.federation.conftest import Endpoint

pytestmark = pytest.mark.usefixtures("tools")


async def test_audit_of_graphql_over_http_finds_nothing(served: Endpoint) -> None:
    results = await node.run("audit.mjs", served.url)
    assert [each for each in results if each["status"] != "ok"] == [], results
    assert len(results) == 61
