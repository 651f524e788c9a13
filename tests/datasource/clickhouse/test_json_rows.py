"""Rows of JSON as columns, in batches."""

import json

from datasource.clickhouse.json_rows import read_columns


def test_rows_of_many_batches_become_columns() -> None:
    rows = [[number, "é\n\u2028" * 1000, [number, None]] for number in range(300)]
    document = "\n".join(json.dumps(row, ensure_ascii=False) for row in [["n", "text", "list"], *rows]).encode()
    assert len(document) > 1_000_000
    columns = read_columns(document + b"\n")
    assert list(columns) == ["n", "text", "list"]
    assert [list(row) for row in zip(*columns.values(), strict=True)] == rows


def test_result_without_rows_has_empty_columns() -> None:
    assert read_columns(b'["a", "b"]\n') == {"a": [], "b": []}
