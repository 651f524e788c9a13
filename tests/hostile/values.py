"""Values that no client should send, by the kind of the input: attack strings, sizes at and beyond every limit."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

TEXTS: Final = (
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "\n",
        "a\r\nb: c",
        "\u2028",
        "\u202e",
        "\ufeff",
        "😀",
        "é",
        "\x1b[2J\x1b]0;x\x07",
        "İ",
        "\u0663",
    ),
    *("'", '"', "`", "\\", "\\'", "''", "/*", "*/", "-- ", ";", "%", "%s%n", "{}", "{p0:String}", "{0.__class__}"),
    *("' OR 1=1 --", "') UNION ALL SELECT * FROM system.tables --", "1; DROP TABLE events", "$(id)", "`id`"),
    *("../../etc/passwd", "file('/etc/passwd')", "url('http://127.0.0.1/')", "<script>alert(1)</script>", "=1+1"),
    *(
        "__proto__",
        "constructor",
        "__class__",
        "null",
        "None",
        "NaN",
        "true",
        "all",
        "*",
        "$",
        "[",
        "{",
        "[]",
        '{"a":1}',
    ),
    *(
        "0",
        "-1",
        "1e308",
        "1e309",
        "9" * 19,
        "9" * 400,
        "0x7f",
        "1_000",
        "\uff11",
        "1.",
        ".5",
        "-",
        "+",
        "1" * 200 + "x",
    ),
)
HOGQL: Final = (
    *("1", "count()", "event", "properties.$x", "person.properties.email", "sum(properties.price)", "1 = 1", "("),
    *(
        "(select 1)",
        "event in (select event from events)",
        "project_id",
        "system.tables",
        "x -> x",
        "[1, 2]",
        "a as b",
    ),
    *(
        "(" * 1000,
        "not " * 600 + "1",
        "-" * 1000 + "1",
        "1" + " + 1" * 900,
        "event = 'a'" + " or event = 'a'" * 250,
    ),
    *("concat(" * 90 + "'a'" + ")" * 90, "if(1, " * 90 + "1" + ", 1)" * 90, "match(event, '(a{1,100}){1,100}')"),
    *(
        "match(event, '" + r"\\pL{250}" * 20 + "')",
        "toDateTime('2020-01-01') = timestamp",
        "repeat('a', 1000000000)",
    ),
    *(
        "1 / 0",
        "toInt('x')",
        "sum(sum(1))",
        "count() / 0",
        "quantile(2)(1)",
        "like(event, '%%%%%%%%%%a')",
        "sleep(3)",
    ),
)
PATTERNS: Final = (
    *(
        "(a+)+$",
        "(a|a)*b",
        "a{1,1000}",
        "a{1001}",
        "(a{100}){100}",
        "((a{10}){10}){10}",
        r"\pL{250}",
        "[",
        "(",
        "*",
        "\\",
    ),
    *(
        "a{1,1000}" * 100,
        r"(?i)" + "x" * 900,
        "(" * 400 + ")" * 400,
        "(?P<n>a)",
        "(?=a)",
        r"\1",
        "." * 1000,
        "|" * 1000,
    ),
)
SELECTORS: Final = (
    "div > a.b#c[d='e']:nth-child(2)",
    " ".join(["div"] * 500),
    "*" * 1000,
    "a" + ":nth-child(1)" * 300,
)
DATES: Final = (
    *(
        "-7d",
        "today",
        "all",
        "2020-01-01",
        "2020-01-10T00:00:00+09:00",
        "-1mStart",
        "yStart",
        "-0d",
        "-999999999d",
    ),
    *(
        "0000-00-00",
        "9999-12-31",
        "10000-01-01",
        "0001-01-01",
        "2020-02-30",
        "1970-01-01",
        "2262-04-12",
        "-99999999y",
    ),
    *(
        "2020-01-01T00:00:00+99:99",
        "2020-01-01T25:61:61",
        "-1h",
        "-20000h",
        "dStart",
        "-" + "1" * 100 + "d",
        "-1dx",
    ),
)
FORMULAS: Final = (
    *(
        "A",
        "A + A",
        "A / 0",
        "(A",
        "Z",
        "A ** A ** A",
        "9" * 400,
        "1e308 * 1e308",
        "0 / 0",
        "-" * 900 + "A",
        "A A",
    ),
    *("(" * 500 + "A" + ")" * 500, "A" + " + A" * 2000, "A.__class__", "lambda: A", "A; A", "A if A else A", "a"),
)
CURSORS: Final = tuple(
    base64.urlsafe_b64encode(text.encode()).decode()
    for kind in ("action", "audit", "event", "member", "project")
    for text in (
        *(f'["{kind}", 1]', f'["{kind}", -1]', f'["{kind}", 1e400]', f'["{kind}", {"9" * 5000}]', f'["{kind}"]'),
        *(
            f'["{kind}", 1, "a"]',
            f'["{kind}", 1, "\\ud800"]',
            f'["{kind}", 1, "\\u0000"]',
            f'["{kind}", {2**64 - 1}, "a"]',
        ),
        *(f'["{kind}", {"[" * 5000}', f'["{kind}", true]', f'["{kind}", 1, "{"a" * 100_000}"]', "{}", "1", '"a"'),
    )
)
LENGTHS: Final = (400, 401, 1_000, 1_001, 4_000, 4_001, 10_000, 10_001, 900_000)
COUNTS: Final = (0, 2, 3, 4, 25, 26, 27, 50, 51, 100, 101, 200, 201, 500, 1_000, 1_001, 10_000, 10_001, 50_000)
INTEGERS: Final = (
    *(
        0,
        1,
        -1,
        2,
        4,
        5,
        25,
        50,
        200,
        500,
        501,
        1_000,
        1_001,
        20_000,
        20_001,
        100_000_000,
        2**31 - 1,
        2**31,
        -(2**31),
    ),
    *(2**63 - 1, 2**63, 2**64, 10**30, 10**400, 1.0, 1.5, -0.0, 1e308, "1", "-1", "\u0663"),
)
FLOATS: Final = (0.5, 1, 0, -1, 1e-9, 5e-324, 1e308, 2**53, 10**400, "0.5", "NaN", float("nan"), float("inf"))
MAX_BYTES: Final = 1024**2
"""The gateway's limit on bodies: what is larger is refused before anything reads it."""


def _nested(depth: int, *, is_list: bool) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value] if is_list else {"a": value}
    return value


MISFITS: Final[tuple[object, ...]] = (
    *(None, True, 1, 1.5, "x", [], {}, [None], [[]], {"a": 1}, [1, "a", None], {"__typename": "Query"}),
    *(_nested(100, is_list=True), _nested(100, is_list=False), _nested(200, is_list=True)),
    *([0] * 50_000, {str(number): 1 for number in range(5_000)}),
)
"""Values of the wrong type nearly everywhere."""


@dataclass(frozen=True)
class Value:
    """A value to send, and how reports name it."""

    label: str
    value: object

    @classmethod
    def of(cls, value: object) -> "Value":
        if isinstance(value, str) and len(value) > 60:
            return cls(f"{value[:12]!r}... of {len(value)}", value)
        try:
            text = json.dumps(value)
        except (RecursionError, ValueError):
            text = "deep"
        return cls(text if len(text) <= 60 else f"{text[:24]}... of {len(text)}", value)


def values(items: Sequence[object]) -> Iterator[Value]:
    return (Value.of(each) for each in items)


def long_texts() -> Iterator[Value]:
    """Texts as long as each limit and one character longer, of several kinds of characters."""
    for length in LENGTHS:
        for character in ("a", "1", "é", "😀", "'", "("):
            size = len(character.encode()) if character != "😀" else 12  # as JSON writes it
            if length * size < MAX_BYTES - 10_000:
                yield Value(f"{length} x {character}", character * length)


def repeated(item: object, *, most: int = COUNTS[-1]) -> Iterator[Value]:
    """Lists of one item, as long as each limit and one item longer, as far as a body may be."""
    size = len(json.dumps(item)) + 2
    for count in COUNTS:
        if count <= most and count * size < MAX_BYTES - 10_000:
            yield Value(f"{count} items", [item] * count)


def texts_for(name: str) -> Iterator[Value]:
    """Texts for an input of this name: those of its language first, if it has one."""
    yield from values(_LANGUAGES.get(name, ()))
    yield from values(TEXTS)
    yield from long_texts()


def property_values() -> Iterator[Value]:
    """Values for filters."""
    yield from values((*TEXTS, *PATTERNS, *DATES, *INTEGERS, *MISFITS))
    yield from long_texts()
    for item in ("a", "2020-01-01", 1, "x" * 60, "a{1,1000}", "1" * 100 + "x", True):
        yield from repeated(item)
    yield Value("10,000 different", [f"value {number}" for number in range(10_000)])
    yield Value("1,000 different", [str(number) for number in range(1_000)])
    yield Value("100 long ones", ["x" * 9_999] * 100)
    yield Value("20 patterns", [r"\pL{24}"] * 20)
    yield Value("1,000 patterns", ["a{1,40}"] * 1_000)


_LANGUAGES: Final[dict[str, Sequence[object]]] = {
    **dict.fromkeys(("mathExpression", "math_hogql", "key", "breakdown", "property"), HOGQL),
    **dict.fromkeys(
        ("dateFrom", "dateTo", "date_from", "date_to", "compareTo", "compare_to", "explicitDatetime"), DATES
    ),
    **dict.fromkeys(("formula", "formulas"), FORMULAS),
    **dict.fromkeys(("url", "text", "href"), PATTERNS),
    "selector": SELECTORS,
    "after": CURSORS,
}
