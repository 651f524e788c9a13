"""Hostile requests: a sample of all that `make hostile` sends, which chooses more for each input.

HOSTILE_SEED chooses others.
"""

import os
import resource
from collections.abc import Iterator
from random import Random

import pytest

from schema.build import build_schema
from settings import Settings
from tests.hostile import from_rest, from_schema, mutations
from tests.hostile.attack import Attack

SEED = int(os.environ.get("HOSTILE_SEED", "1"))
IS_WHOLE = int(os.environ.get("HOSTILE_EXAMPLES", "0")) > 1_000
EACH = 1_000_000 if IS_WHOLE else 4
MOST_KIB = 1024**2
SCHEMA = build_schema(Settings())._schema
POSITIONS = [*(from_schema.all_positions if IS_WHOLE else from_schema.one_of_each)(SCHEMA)]
FIELDS = sorted({target.name for target, _ in POSITIONS})


@pytest.fixture
def rng() -> Random:
    return Random(SEED)  # noqa: S311 - the same requests every time


@pytest.fixture(autouse=True)
def nothing_is_found(attack: Attack) -> Iterator[None]:
    """The gateway did nothing that it must not do, and its memory hardly grew."""
    attack.take()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    found = attack.take()
    assert not found, "\n".join(found)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KIB


@pytest.mark.parametrize("field", FIELDS)
async def test_every_input_accepts_a_valid_value(attack: Attack, field: str) -> None:
    for target, path in POSITIONS:
        if target.name == field:
            await attack.send(from_schema.valid(target, path, attack.world.ids))


@pytest.mark.parametrize("field", FIELDS)
async def test_every_input_with_hostile_values(attack: Attack, field: str, rng: Random) -> None:
    for target, path in POSITIONS:
        if target.name == field:
            await attack.send_all(from_schema.hostile(target, path, attack.world.ids, rng, EACH))


async def test_every_parameter_accepts_a_valid_value(attack: Attack) -> None:
    await attack.send_all(from_rest.valid(attack.world.ids))


async def test_every_parameter_with_hostile_values(attack: Attack, rng: Random) -> None:
    await attack.send_all(from_rest.hostile(attack.world.ids, rng, EACH))


async def test_mutations_of_valid_questions(attack: Attack, rng: Random) -> None:
    await attack.send_all(mutations.mutations(attack.world.ids, rng, 5_000 if IS_WHOLE else 200))


async def test_odd_requests(attack: Attack) -> None:
    await attack.send_all(mutations.requests(attack.world.ids))
