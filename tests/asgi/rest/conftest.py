import pytest

from tests.asgi.rest.trends import RestClient, add_events
from tests.support.gateway import Gateway


@pytest.fixture(scope="session")
async def client(gateway: Gateway) -> RestClient:
    """A client of a project with events, whose key may read insights and nothing else."""
    project = await gateway.project("rest")
    await add_events(gateway, project.id)
    return RestClient(gateway, str(project.id), await gateway.key("insight:read", project=project))
