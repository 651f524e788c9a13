"""The audit of the reference implementation of GraphQL over HTTP."""

import pytest

from tests.federation import scripts
from tests.federation.conftest import Endpoint

pytestmark = pytest.mark.usefixtures("tools")


async def test_audit_of_graphql_over_http_passes(gateway_endpoint: Endpoint) -> None:
    results = await scripts.run("audit.mjs", gateway_endpoint.url)
    assert [each for each in results if each["status"] != "ok"] == [], results
    assert len(results) == 61
