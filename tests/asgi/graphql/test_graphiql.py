from tests.support.gateway import Gateway, open_gateway


async def test_page_is_served_to_browsers_with_a_strict_policy(gateway: Gateway) -> None:
    response = await gateway.client.get("/graphql", headers={"accept": "text/html,*/*;q=0.8"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "http" not in policy
    assert response.headers["x-frame-options"] == "DENY"
    assert 'src="/graphql/assets/' in response.text


async def test_root_leads_browsers_to_the_page(gateway: Gateway) -> None:
    response = await gateway.client.get("/", headers={"accept": "text/html,*/*;q=0.8"})
    assert (response.status_code, response.headers["location"]) == (307, "/graphql")
    for_programs = await gateway.client.get("/", headers={"accept": "application/json"})
    assert for_programs.status_code == 404
    assert "GraphQL is at /graphql" in for_programs.text


async def test_assets_may_be_cached_forever(gateway: Gateway) -> None:
    page = (await gateway.client.get("/graphql", headers={"accept": "text/html"})).text
    script = page.partition('src="')[2].partition('"')[0]
    response = await gateway.client.get(script)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/javascript")
    assert "immutable" in response.headers["cache-control"]


async def test_disabled_page_is_rejected_for_browsers_only(gateway: Gateway) -> None:
    settings = gateway.settings.model_copy(update={"graphiql": False})
    async with open_gateway(gateway.stores, settings) as without_page:
        response = await without_page.client.get("/graphql", headers={"accept": "text/html"})
        assert response.status_code == 406
        assert (await without_page.client.get("/", headers={"accept": "text/html"})).status_code == 404
        assert (await without_page.client.get("/graphql/assets/index.js")).status_code == 404
        assert (await without_page.ask("{ __typename }")).data == {"__typename": "Query"}
