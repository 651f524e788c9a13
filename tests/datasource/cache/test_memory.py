import pytest

from datasource.cache.memory import MemoryOperations
from datasource.cache.persisted_queries import hash_operation, is_hash

A, B, C = "{ a }", "{ b }", "{ c }"
SIZE = 5 + 256
"""Of each of them."""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def kept(store: MemoryOperations, *texts: str) -> list[str]:
    return [text for text in texts if await store.get(hash_operation(text)) == text]


def test_hash_is_what_clients_compute() -> None:
    assert hash_operation("{__typename}") == "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"
    assert hash_operation("{ é }") == "6ed1179be308ef4c2e705b3e9bdb43678ae4f31bfd35e2b11f9aa3addc48a710"
    assert is_hash(hash_operation(A))
    assert not any(map(is_hash, ("", "a" * 63, "A" * 64, "g" * 64, "a" * 65, "a" * 64 + "\n")))


async def test_text_is_found_by_its_hash_alone(clock: Clock) -> None:
    store = MemoryOperations(clock=clock)
    await store.put(A)
    assert await kept(store, A, B) == [A]
    assert await store.get("a" * 64) is None


async def test_what_was_used_longest_ago_makes_room(clock: Clock) -> None:
    store = MemoryOperations(max_bytes=2 * SIZE, clock=clock)
    await store.put(A)
    await store.put(B)
    assert await kept(store, A) == [A]
    await store.put(C)
    assert await kept(store, A, B, C) == [A, C]


async def test_text_larger_than_all_the_room_leaves_the_others(clock: Clock) -> None:
    store = MemoryOperations(max_bytes=SIZE, clock=clock)
    await store.put(A)
    await store.put("{" + "é" * 200 + "}")
    assert await kept(store, A) == [A]


async def test_text_that_nobody_uses_is_dropped_and_one_in_use_stays(clock: Clock) -> None:
    store = MemoryOperations(ttl_s=10, clock=clock)
    await store.put(A)
    await store.put(B)
    clock.now = 8
    assert await kept(store, A) == [A]
    clock.now = 12
    assert await kept(store, A, B) == [A]
    clock.now = 22
    assert await kept(store, A) == []


async def test_number_of_texts_is_bounded_too(clock: Clock) -> None:
    store = MemoryOperations(max_bytes=100 * SIZE, clock=clock)
    texts = [f"{{{number:03}}}" for number in range(1_000)]
    for text in texts:
        await store.put(text)
    assert await kept(store, *texts) == texts[-100:]
