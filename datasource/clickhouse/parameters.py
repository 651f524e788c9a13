"""The encoding of the values of `{name:Type}`, the same for every engine."""

from collections.abc import Sequence

from datasource.clickhouse.engine import Identifier, ParamValue

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\r": "\\r", "\n": "\\n", "\t": "\\t", "\0": "\\0"}
)


def encode_param(value: ParamValue) -> str:
    """Return the text that ClickHouse reads as the value: TSV-escaped, and quoted inside a list."""
    if value is None:
        return "\\N"
    if isinstance(value, Identifier):
        return str(value)
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, Sequence):
        return f"[{','.join(_encode_item(item) for item in value)}]"
    return _encode_number(value)


def _encode_item(item: str | float) -> str:
    if isinstance(item, str):
        return "'" + item.translate(_ESCAPES).replace("'", "\\'") + "'"
    return _encode_number(item)


def _encode_number(value: float) -> str:
    return repr(int(value)) if isinstance(value, bool) else repr(value)
