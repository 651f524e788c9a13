"""Valid questions with something put in, left out, repeated or swapped; and requests that are hardly HTTP's."""

import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Final

from tests.asgi.field_samples import SAMPLES
from tests.hostile.case import ALL, LOW, NONE, Case, as_json
from tests.hostile.from_rest import BASE, TREND
from tests.hostile.values import TEXTS

_TOKENS: Final = re.compile(r'"[^"]*"|\w+|\S')
_WORDS: Final = (
    *(
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ":",
        "!",
        "$",
        "@",
        "...",
        "|",
        "=",
        '"""',
        "query",
        "mutation",
        "subscription",
    ),
    *(
        "fragment",
        "on",
        "__typename",
        "__schema { types { name } }",
        "@skip(if: true)",
        "@nope",
        "$x",
        "null",
        "1e999",
    ),
)
_MUTABLE: Final = {name: each.document for name, each in SAMPLES.items() if "Delete" not in name}


def mutations(ids: Mapping[str, str], rng: Random, count: int) -> Iterator[Case]:
    """Documents and bodies that were valid once, each changed in a few places."""
    names = [*_MUTABLE]
    for number in range(count):
        name, key = rng.choice(names), (ALL, LOW, NONE)[number % 3]
        document, accept = _mutate_document(_MUTABLE[name], rng), "application/json"
        if _MUTABLE[name].startswith("subscription"):
            accept = "text/event-stream"
        headers = {"accept": accept}
        body = as_json({"query": document, "variables": dict(ids)}, ids)
        yield Case(f"mutation {number} of {name}", "/graphql", body, headers=headers, key=key)
        path, body = TREND.replace("{project}", ids["project"]), as_json(dict(BASE), ids)
        yield Case(f"mutation {number} of REST", path, _mutate_bytes(body, rng), key=key)
        body = as_json({"query": _MUTABLE[name], "variables": dict(ids)}, ids)
        yield Case(
            f"mutated bytes {number} of {name}", "/graphql", _mutate_bytes(body, rng), headers=headers, key=key
        )


def _mutate_document(document: str, rng: Random) -> str:
    tokens = _TOKENS.findall(document)
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.randrange(len(tokens))
        match rng.randrange(6):
            case 0:
                tokens[at : at + 1] = []
            case 1:
                tokens[at:at] = [tokens[at]] * rng.choice([1, 30, 1_000])
            case 2:
                tokens.insert(at, rng.choice(_WORDS))
            case 3:
                tokens[at] = f'"{rng.choice(TEXTS)}"'
            case 4:
                other = rng.randrange(len(tokens))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case _:
                tokens[at] = rng.choice(tokens)
        tokens = tokens or ["{"]
    return " ".join(tokens)


def _mutate_bytes(body: bytes, rng: Random) -> bytes:
    changed = bytearray(body)
    for _ in range(rng.choice([1, 1, 3, 20])):
        at = rng.randrange(len(changed))
        match rng.randrange(4):
            case 0:
                changed[at] = rng.randrange(256)
            case 1:
                changed[at:at] = rng.choice(
                    [b"\0", b"\xff\xfe", b"[" * 2_000, b'"', b"9" * 5_000, b"\xed\xa0\x80", b",,"]
                )
            case 2:
                del changed[at : at + rng.choice([1, 10])]
            case _:
                changed[at:at] = changed[at : at + 20] * rng.choice([1, 100])
        changed = changed or bytearray(b" ")
    return bytes(changed)


def requests(ids: Mapping[str, str]) -> Iterator[Case]:
    """Odd methods, paths and headers, and bodies of other kinds."""
    body = as_json({"query": "{ viewer { keyLabel } }"}, {})
    paths = (
        "/graphql",
        TREND.replace("{project}", ids["project"]),
        "/api/projects/",
        "/exports/x",
        "/healthz",
        "/",
    )
    for path in paths:
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NOPE"):
            yield Case(f"{method} {path}", path, body, method=method)
        for name, value in _HEADERS:
            yield Case(f"{path} {name}: {value[:40]}", path, body, headers={name: value})
        for each in (
            b"",
            b"null",
            b"[]",
            b"1",
            b'"',
            b"\xff",
            b"[" * 100_000,
            b"{" * 900_000,
            b'{"query": 1}',
            b"[{}, {}]",
        ):
            yield Case(f"{path} body {each[:20]!r}", path, each)
    for token in ("x" * 5_000, "%00", "..%2f..%2fetc%2fpasswd", "a.b.c", "%1b%5b2J", "gAAAAAB" + "A" * 3_000):
        yield Case(f"export {token[:30]}", f"/exports/{token}", method="GET", key=NONE)


_HEADERS: Final = (
    *(
        ("authorization", each)
        for each in ("", "Bearer", "Bearer ", "Basic YTpi", "Bearer " + "x" * 8_000, "Bearer a b")
    ),
    *(
        ("content-type", each)
        for each in ("", "text/plain", "application/json; charset=utf-7", "a/b" * 900, ";", "json")
    ),
    *(
        ("accept", each)
        for each in ("", "*/*;q=9", "a" * 8_000, ",,,,", "text/csv", "text/html", "text/event-stream")
    ),
    *(("accept-encoding", each) for each in ("gzip", "br;q=0, *;q=0", "x" * 5_000)),
    *(("content-encoding", each) for each in ("gzip", "br", "nope")),
    *(("x-request-id", each) for each in ("a" * 5_000, "'\"<>", "%0a")),
    *(("traceparent", each) for each in ("00-0-0-00", "x" * 5_000)),
    *(("origin", each) for each in ("null", "https://evil.example", "x" * 5_000)),
    *(("host", each) for each in ("evil.example", "a" * 1_000, "[::1", "a:99999")),
    *(("x-forwarded-for", each) for each in ("1.2.3.4, x", "x" * 5_000)),
)
