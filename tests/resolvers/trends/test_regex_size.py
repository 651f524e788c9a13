import time
import tracemalloc
from contextlib import suppress

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.trends.input_sizes import MAX_REGEX_LENGTH, MAX_REGEX_SIZE
from resolvers.trends.regex_size import regex_size


@pytest.mark.parametrize(
    ("pattern", "size"),
    [
        ("", 0),
        ("abc", 3),
        ("a{3}", 3),
        ("a{3,}", 3),
        ("a{3,7}", 7),
        ("a{0}", 1),
        ("xa{3}", 4),
        ("a{x}", 4),
        ("a{,3}", 5),
        ("(ab){10}", 30),
        ("((a{10}){10}){10}", 1110),
        ("(?:ab){10}c", 51),
        ("a|b{5}", 7),
        (r"\d{4}", 4),
        (r"\x{41}{4}", 4),
        (r"\x41{4}", 4),
        (r"\Qa{9}\E{2}", 8),
        (r"\pL", 400),
        (r"\pL{250}", 100_000),
        (r"\p{Greek}{2}", 800),
        (r"[\pLx]{2}", 804),
        ("[abc]{5}", 20),
        ("[]{9}a]{2}", 12),
        ("[^]{9}]", 5),
        ("[[:alpha:]]{3}", 6),
        (r"[\]{9}]", 5),
        ("(", 0),
        ("a{3", 3),
        ("a)b{2}", 4),
        ("\\", 1),
        ("[a", 2),
    ],
)
def test_size_counts_what_repetitions_expand_to(pattern: str, size: int) -> None:
    assert regex_size(pattern) == size


@pytest.mark.parametrize(
    "pattern", ["a{1,1000}" * 111, "(" * 200 + "a" + "){9}" * 200, r"\pL{250}" * 120, "[" * 1000, "(){1000}" * 125]
)
def test_expensive_pattern_is_too_large_or_readable_in_no_time(pattern: str) -> None:
    tracemalloc.start()
    started = time.perf_counter()
    size = regex_size(pattern)
    assert time.perf_counter() - started < 2
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert size > MAX_REGEX_SIZE or pattern.startswith("[")


ATOMS = ("a", ".", r"\d", r"\pL", r"\PN", r"\p{Greek}", "[a-z]", "[^a]", "(?i)", "é", r"\x{1F600}")
OPERATORS = ("(", ")", "(?:", "|", "*", "+", "?", "{2}", "{9}", "{1,30}", "{100}", "{1000}")
PARTS = st.sampled_from((*ATOMS, *OPERATORS))


@given(st.lists(PARTS, max_size=60).map("".join))
def test_pattern_within_the_limits_takes_re2_little_time(pattern: str) -> None:
    if len(pattern) > MAX_REGEX_LENGTH or regex_size(pattern) > MAX_REGEX_SIZE:
        return
    started = time.perf_counter()
    with suppress(pa.ArrowInvalid):
        pc.match_substring_regex(pa.nulls(1, pa.string()), pattern)
    assert time.perf_counter() - started < 2
