"""Large documents in parts are the documents."""

from typing import Any

import orjson
import pytest

from asgi.json_parts import PART_BYTES, is_large, write_json, write_parts

TEXT = 'é"\\\n\U0001f600\u2028' * 100_000
LARGE: list[Any] = [
    {"a": [0.5, None] * 50_000, "b": {"c": ["x" * 20] * 30_000}, "d": [], "e": {}},
    [{"label": f"s{number}", "data": [1.0] * 400, "days": ("2020-01-01",) * 400} for number in range(200)],
    [[number] * 300 for number in range(300)],
    {"csv": TEXT},
    [TEXT, TEXT],
    [{"n": number} for number in range(30_000)],
    {str(number): number for number in range(30_000)},
    {"data": {"deep": {"deeper": [[[1] * 30_000]]}}, "errors": None},
]
SMALL: list[Any] = [None, 1, "text", [], {}, {"data": {"series": [{"data": [1.0] * 8}] * 26}}, [1] * 1000]


@pytest.mark.parametrize("document", [*SMALL, *LARGE], ids=range(len(SMALL) + len(LARGE)))
def test_parts_are_the_document(document: Any) -> None:
    expected = orjson.dumps(document)
    parts = list(write_parts(document))
    assert b"".join(parts) == expected
    assert write_json(document) == expected
    assert all(len(part) >= PART_BYTES for part in parts[:-1])


@pytest.mark.parametrize("document", LARGE, ids=range(len(LARGE)))
def test_large_documents_are_known(document: Any) -> None:
    assert is_large(document)


@pytest.mark.parametrize("document", SMALL, ids=range(len(SMALL)))
def test_small_documents_are_known(document: Any) -> None:
    assert not is_large(document)
