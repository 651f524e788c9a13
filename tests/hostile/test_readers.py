"""Texts that clients write: whatever they contain, a reader answers, with a value or an error of the client's.

`HOSTILE_EXAMPLES=20000` tries more texts than a usual run.
"""

import os
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import ErrorCode, GatewayError
from resolvers.trends.date_text import read_date
from resolvers.trends.formula import parse_formula
from resolvers.trends.hogql import breakdown_expression, filter_expression, math_expression
from resolvers.trends.query import Formula
from resolvers.trends.regexes import check_regex
from resolvers.trends.selectors import selector_pattern
from tests.support.clock import compile_context, local_now

Reader = Callable[[str], object]

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "150"))
LONGEST_S = 5.0
INPUT_CODES = {ErrorCode.BAD_USER_INPUT, ErrorCode.QUERY_TOO_EXPENSIVE}
PATH = ("query", "text")
ODD = (
    *("", " ", "\0", "\n", "\u2028", "\u202e", "\ufeff", "😀", "é", "\x1b[2J", "İ", "ß", "٣", "\uff11"),
    *("'", '"', "`", "\\", "/*", "*/", "--", ";", "{", "}", "{p0:String}", "%s", "{0}", "$1", "\\x00", "\\u0000"),
    *("0", "-1", "1e308", "1e309", "9" * 400, "0x7f", "1_000", "NaN", "inf", "null", "None", "1/0"),
)
NUMBERS = ("0", "1", "2", "10", "-1", "1e308", "0.1", "9" * 20)
HOGQL = (
    *(
        "properties",
        "person",
        "session",
        "group_0",
        "event",
        "timestamp",
        ".",
        ".$",
        "[",
        "]",
        "(",
        ")",
        ",",
        "`a b`",
    ),
    *(
        " and ",
        " or ",
        "not ",
        " in ",
        " not in ",
        " like ",
        " ilike ",
        " between ",
        " is null",
        " as x",
        "if(",
        "?",
        ":",
    ),
    *(
        "+",
        "-",
        "*",
        "/",
        "%",
        "||",
        "=",
        "!=",
        "<",
        ">=",
        "'a'",
        "'%'",
        "count()",
        "sum(",
        "uniq(",
        "quantile(0.5)(",
    ),
    *(
        "match(",
        "toFloat(",
        "toDate(",
        "now()",
        "interval ",
        " day",
        "multiIf(",
        "coalesce(",
        "concat(",
        "case ",
        "when ",
    ),
    *(
        "select 1",
        "(select 1)",
        "system.tables",
        "file('/etc/passwd')",
        "url('http://x')",
        "settings max_threads=1",
    ),
    *(
        "lambda",
        "x -> x",
        "[1,2]",
        "{'a':1}",
        "::String",
        "cast(",
        "distinct ",
        "over (",
        "limit 1",
        "from events",
    ),
    *NUMBERS,
)
DATES = (
    *(
        "-",
        "+",
        "d",
        "w",
        "m",
        "q",
        "y",
        "h",
        "M",
        "s",
        "Start",
        "End",
        "all",
        "today",
        "yesterday",
        "now",
        "T",
        "Z",
        ":",
    ),
    *("2020", "02", "30", "12", "99", "0000", "9999", "99999999", "+14:00", "-99:99", ".", ".999999999", " "),
    *NUMBERS,
)
FORMULAS = (*"AaBZ()+-*/%^", "**", " ", "()", "((", "1e308", "--", "A" * 50, "**9**9**9", *NUMBERS)
SELECTORS = (
    *(
        "div",
        "a",
        "*",
        ">",
        " ",
        ".x",
        "#y",
        "[a='b']",
        '[a="b"]',
        "[",
        "]",
        ":nth-child(1)",
        ":nth-of-type(",
        ")",
        ":",
    ),
    *(
        ".w-[1.5px]",
        "\\",
        "\\110000 ",
        "\\0",
        "~",
        "+",
        ",",
        "'",
        '"',
        ":not(",
        "::before",
        ":nth-child(99999999999)",
    ),
    *NUMBERS,
)
PATTERNS = (
    *(
        "a",
        ".",
        "*",
        "+",
        "?",
        "{2}",
        "{1000}",
        "{0,1000}",
        "(",
        ")",
        "(?i)",
        "(?:",
        "(?=",
        "[",
        "]",
        "[^",
        "a-z",
        "|",
        "\\",
    ),
    *(r"\pL", r"\b", r"\1", r"\Q", "^", "$", "{", "}", "(?P<n>", "(a+)+$", "{1000}{1000}", r"\x{10FFFF}"),
)


def texts(tokens: Sequence[str], valid: Sequence[str]) -> st.SearchStrategy[str]:
    """Valid texts, also with a word put in somewhere; words of the reader and odd ones; one part many times."""
    word = st.sampled_from((*tokens, *ODD))
    mutated = st.tuples(st.sampled_from(valid), word, st.integers(0, 100)).map(
        lambda parts: parts[0][: parts[2]] + parts[1] + parts[0][parts[2] :]
    )
    words = st.lists(word, max_size=40).map("".join)
    repeated = st.tuples(word, st.integers(1, 5000), words).map(
        lambda parts: (parts[0] * parts[1])[:20_000] + parts[2]
    )
    return st.one_of(st.sampled_from(valid), mutated, words, repeated, st.text(max_size=60))


def read_formula(text: str) -> object:
    figures = [np.array([0.0, -1.0, 1e308, 0.5, np.nan]) for _ in "AB"]
    return parse_formula(Formula(text, path=PATH), len(figures)).evaluate(figures)


def error_of(reader: Reader, text: str) -> GatewayError | None:
    try:
        reader(text)
    except GatewayError as error:
        return error
    return None


EXPRESSIONS = (
    "event",
    "properties.price * 2 > 10 and person.properties.email like '%a%'",
    "if(toHour(timestamp) in (1, 2), 'x', concat(properties.`a b`, 'y'))",
)
READERS: dict[str, tuple[Reader, Sequence[str], Sequence[str]]] = {
    "HogQL of a breakdown": (lambda text: breakdown_expression(text, PATH, compile_context()), HOGQL, EXPRESSIONS),
    "HogQL of a filter": (lambda text: filter_expression(text, PATH, compile_context()), HOGQL, EXPRESSIONS),
    "HogQL of a math": (
        lambda text: math_expression(text, PATH, compile_context()),
        HOGQL,
        ("count()", "sum(properties.price) / uniq(person_id)", "quantile(0.9)(toFloat(properties.price))"),
    ),
    "start date": (lambda text: read_date(text, local_now(), PATH), DATES, ("-7d", "2020-02-30", "-1mStart")),
    "end date": (
        lambda text: read_date(text, local_now(), PATH, is_end=True),
        DATES,
        ("today", "2020-01-02T03:04:05.678+09:00", "-2qEnd"),
    ),
    "formula": (read_formula, FORMULAS, ("A + B", "(A - B) / B * 100", "2**-A % 3")),
    "selector": (
        lambda text: selector_pattern(text, PATH),
        SELECTORS,
        ('div.card > a#buy[data-id="7"]:nth-child(2)', ".w-[1.5px] *"),
    ),
    "regular expression": (lambda text: check_regex(text, PATH), PATTERNS, (r"^a{1,20}(b|c)+$", r"\pL\d[^x-z]")),
}


@pytest.mark.parametrize("name", READERS)
def test_reader_answers_any_text(name: str) -> None:
    reader, tokens, valid = READERS[name]
    outcomes = {"value": 0, "error": 0}

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES < 1000, suppress_health_check=list(HealthCheck)
    )
    @given(text=texts(tokens, valid))
    def read(text: str) -> None:
        started = time.thread_time()
        error = error_of(reader, text)
        outcomes["value" if error is None else "error"] += 1
        assert error is None or (error.code in INPUT_CODES and len(error.message) < 2000)
        assert time.thread_time() - started < LONGEST_S

    read()
    assert min(outcomes.values()) > 0, "both happen, or the words are not those of this reader"
