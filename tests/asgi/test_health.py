from pathlib import Path

from datasource.metadata.store import MetadataStore
from resolvers.stores import Stores
from tests.support.gateway import Gateway, open_gateway


async def test_healthz_needs_no_stores(gateway: Gateway) -> None:
    response = await gateway.client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_readyz_with_both_stores_is_ok(gateway: Gateway) -> None:
    response = await gateway.client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "stores": {"metadata": "ok", "events": "ok"}}


async def test_readyz_names_the_store_that_is_unavailable(gateway: Gateway, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    async with MetadataStore.open(f"sqlite+aiosqlite:///{folder}") as broken:
        stores = Stores(metadata=broken, events=gateway.stores.events)
        async with open_gateway(stores, gateway.settings) as ailing:
            response = await ailing.client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["stores"]["events"] == "ok"
    assert "not available" in response.json()["stores"]["metadata"]
    assert str(folder) not in response.text
