"""How the values of `{name:Type}` travel to ClickHouse; the same for every engine."""

from collections.abc import Sequence

from datasource.clickhouse.engine import Identifier, ParamValue

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\r": "\\r", "\n": "\\n", "\t": "\\t", "\0": "\\0"}
)


def encode_param(value: ParamValue) -> str:
    """The text form in which ClickHouse reads a bound value: tab-separated for one, quoted inside a list."""
    if value is None:
        return "\\N"
    if isinstance(value, Identifier):
        return str(value)
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, Sequence):
        return f"[{','.join(_quote(item) for item in value)}]"
    return _figure(value)


def _quote(item: str | float) -> str:
    if isinstance(item, str):
        return "'" + item.translate(_ESCAPES).replace("'", "\\'") + "'"
    return _figure(item)


def _figure(value: float) -> str:
    return repr(int(value)) if isinstance(value, bool) else repr(value)
