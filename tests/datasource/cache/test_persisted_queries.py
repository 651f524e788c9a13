import pytest

from datasource.cache.memory import MemoryCache
from datasource.cache.persisted_queries import PersistedQueries, hash_operation, is_hash
from tests.datasource.cache.fake_clock import FakeClock

A, B = "{ a }", "query É { é }"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cache(clock: FakeClock) -> MemoryCache:
    return MemoryCache(10_000, clock=clock)


@pytest.fixture
def queries(cache: MemoryCache) -> PersistedQueries:
    return PersistedQueries(cache, ttl_s=10)


def test_hash_is_what_clients_compute() -> None:
    assert hash_operation("{__typename}") == "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"
    assert hash_operation("{ é }") == "6ed1179be308ef4c2e705b3e9bdb43678ae4f31bfd35e2b11f9aa3addc48a710"
    assert is_hash(hash_operation(A))
    assert not any(map(is_hash, ("", "a" * 63, "A" * 64, "g" * 64, "a" * 65, "a" * 64 + "\n")))


async def test_document_is_found_by_its_hash_alone(queries: PersistedQueries) -> None:
    await queries.store(A)
    await queries.store(B)
    assert await queries.find(hash_operation(A)) == A
    assert await queries.find(hash_operation(B)) == B
    assert await queries.find("a" * 64) is None


async def test_document_in_use_does_not_expire(queries: PersistedQueries, clock: FakeClock) -> None:
    await queries.store(A)
    await queries.store(B)
    clock.now += 8
    assert await queries.find(hash_operation(A)) == A
    clock.now += 4
    assert (await queries.find(hash_operation(A)), await queries.find(hash_operation(B))) == (A, None)
    clock.now += 10
    assert await queries.find(hash_operation(A)) is None


@pytest.mark.parametrize("planted", [b"{ secret }", b"\xff\xfe", b""])
async def test_document_under_a_hash_of_another_is_ignored(
    queries: PersistedQueries, cache: MemoryCache, planted: bytes
) -> None:
    await cache.write(f"trendgate:operation:{hash_operation(A)}", planted, 60)
    assert await queries.find(hash_operation(A)) is None
    await queries.store(A)
    assert await queries.find(hash_operation(A)) == A
