"""Functions of texts, lists of texts and JSON."""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from datasource.sql.tree import Call, Expr, Number, Param, call
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.errors import Refusal, quoted
from resolvers.trends.hogql.functions import MANY, Build, Function, Invocation, plain, text, whole, written
from resolvers.trends.hogql.values import (
    Kind,
    Value,
    as_text,
    number_result,
    unfit,
    whole_literal,
    written_text,
)

_LONGEST_PAD = 1000
_NOTHING = pa.array([""])
_OPEN_ESCAPE = re.compile(r"(?<!\\)(\\\\)*\\\Z")


def matches(subject: Value, pattern: Value, *, ignoring_case: bool) -> Expr:
    """Whether a text is like a pattern that is written out; false for NULL."""
    form = written_text(pattern)
    if _OPEN_ESCAPE.search(form):
        raise Refusal("the pattern ends in a single backslash.", pattern.spot, r"Write \\ for a backslash.")
    made = call("ilike" if ignoring_case else "like", as_text(subject), Param(form, "String"))
    return call("ifNull", made, Number(0))


def element(list_: Value, index: Value) -> Value:
    """A place of a list, counted from 1, from the end if negative; '' where there is none."""
    if list_.kind is not Kind.LIST:
        raise unfit(list_, Kind.LIST, "splitByString(',', properties.tags)[1]")
    place = whole_literal(index)
    if place == 0:
        raise Refusal("places in a list count from 1.", index.spot)
    return Value(call("arrayElement", list_.expr, Param(place, "Int64")), Kind.TEXT, list_.spot)


def _like(*, ignoring_case: bool, negated: bool = False) -> Build:
    def build(invocation: Invocation) -> Value:
        subject, pattern = invocation.arguments
        made = matches(subject, pattern, ignoring_case=ignoring_case)
        return Value(call("not", made) if negated else made, Kind.BOOLEAN, invocation.spot)

    return build


def _concat(invocation: Invocation) -> Value:
    parts = tuple(as_text(value) for value in invocation.arguments)
    return Value(Call("concat", parts), Kind.TEXT, invocation.spot)


def _searched(name: str, result: Kind) -> Build:
    def build(invocation: Invocation) -> Value:
        subject, pattern = invocation.arguments
        made = call(name, as_text(subject), Param(_expression(pattern), "String"))
        return Value(made, result, invocation.spot)

    return build


def _replaced(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        subject, pattern, replacement = invocation.arguments
        by = written_text(replacement)
        _check_expression(_expression(pattern), by, replacement)
        made = call(name, as_text(subject), Param(written_text(pattern), "String"), Param(by, "String"))
        return Value(made, Kind.TEXT, invocation.spot)

    return build


def _expression(pattern: Value) -> str:
    form = written_text(pattern)
    _check_expression(form, "", pattern)
    return form


def _check_expression(pattern: str, replacement: str, spot: Value) -> None:
    # Arrow has the same RE2 as ClickHouse, which would fail in the middle of a query.
    try:
        pc.replace_substring_regex(_NOTHING, pattern, replacement)
    except pa.ArrowInvalid as failure:
        what = quoted(replacement or pattern)
        hint = "Use RE2 syntax; a replacement may name groups of the pattern: \\1."
        raise Refusal(f"{what} cannot be read as a regular expression.", spot.spot, hint) from failure


def _plainly_replaced(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        subject, part, by = invocation.arguments
        if not written_text(part):
            raise Refusal("the text to replace is empty.", part.spot)
        made = call(name, as_text(subject), Param(written_text(part), "String"), as_text(by))
        return Value(made, Kind.TEXT, invocation.spot)

    return build


def _split(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        separator, subject = invocation.arguments
        by = written_text(separator)
        if name == "splitByChar" and len(by.encode()) != 1:
            raise Refusal("a single ASCII character is needed here.", separator.spot, "Use splitByString().")
        whole_text = call("ifNull", as_text(subject), Param("", "String"))
        return Value(call(name, Param(by, "String"), whole_text), Kind.LIST, invocation.spot)

    return build


def _padded(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        subject, length, *by = invocation.arguments
        filling = written_text(by[0]) if by else " "
        if not filling:
            raise Refusal("the padding is empty.", by[0].spot)
        places = Param(whole_literal(length, 0, _LONGEST_PAD), "Int64")
        made = call(name, as_text(subject), places, Param(filling, "String"))
        return Value(made, Kind.TEXT, invocation.spot)

    return build


def _length(invocation: Invocation) -> Value:
    value = invocation.arguments[0]
    made = value.expr if value.kind is Kind.LIST else as_text(value)
    return number_result(call("length", made), invocation.spot)


def _emptiness(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        value = invocation.arguments[0]
        made = value.expr if value.kind is Kind.LIST else as_text(value)
        return Value(call(name, made), Kind.BOOLEAN, invocation.spot)

    return build


def _has(invocation: Invocation) -> Value:
    list_, wanted = invocation.arguments
    if list_.kind is not Kind.LIST:
        raise unfit(list_, Kind.LIST, "splitByString(',', properties.tags)")
    return Value(call("has", list_.expr, as_text(wanted)), Kind.BOOLEAN, invocation.spot)


def _joined(invocation: Invocation) -> Value:
    list_, *by = invocation.arguments
    if list_.kind is not Kind.LIST:
        raise unfit(list_, Kind.LIST)
    separator = Param(written_text(by[0]) if by else "", "String")
    return Value(call("arrayStringConcat", list_.expr, separator), Kind.TEXT, invocation.spot)


def _element(invocation: Invocation) -> Value:
    return element(*invocation.arguments)


def _place(value: Value, around: CompileContext) -> Expr:
    if value.literal == 0:
        raise Refusal("places in a text count from 1.", value.spot)
    place = whole(value, around)
    # ClickHouse fails on a 0 that it can work out beforehand.
    return place if isinstance(value.literal, float) else call("nullIf", place, Number(0))


def _json(name: str, result: Kind) -> Build:
    def build(invocation: Invocation) -> Value:
        json, *path = invocation.arguments
        made = Call(name, (as_text(json), *(_json_step(step) for step in path)))
        if result is Kind.NUMBER:
            return number_result(made, invocation.spot)
        return Value(made, result, invocation.spot)

    return build


def _json_step(step: Value) -> Expr:
    if step.kind is Kind.TEXT:
        return Param(written_text(step), "String")
    return Param(whole_literal(step, -(10**6), 10**6), "Int64")


_PATH = 10
_TEXT_TO_TEXT = (
    *("lower", "upper", "lowerUTF8", "upperUTF8", "reverse", "reverseUTF8", "trim", "trimLeft", "trimRight"),
    *("domain", "domainWithoutWWW", "topLevelDomain", "cutToFirstSignificantSubdomain", "protocol", "path"),
    *("pathFull", "queryString", "fragment", "cutQueryString", "cutFragment", "cutQueryStringAndFragment"),
    *("cutWWW", "decodeURLComponent", "encodeURLComponent"),
)
_CLICKHOUSE_NAMES = {"trim": "trimBoth"}

STRINGS: Mapping[str, Function] = {
    **{name.lower(): plain(_CLICKHOUSE_NAMES.get(name, name), text) for name in _TEXT_TO_TEXT},
    "trimboth": plain("trimBoth", text),
    "concat": Function(1, MANY, _concat),
    "length": Function(1, 1, _length),
    "lengthutf8": plain("lengthUTF8", text, result=Kind.NUMBER),
    **{
        name: plain(f"substring{form}", text, _place, whole, least=2)
        for name, form in (("substring", ""), ("substr", ""), ("substringutf8", "UTF8"))
    },
    **{name.lower(): plain(name, text, whole) for name in ("left", "leftUTF8", "right", "rightUTF8")},
    **{name.lower(): Function(2, 3, _padded(name)) for name in ("leftPad", "rightPad")},
    **{
        name.lower(): plain(name, text, text, result=Kind.NUMBER)
        for name in ("position", "positionUTF8", "positionCaseInsensitive", "positionCaseInsensitiveUTF8")
    },
    **{name.lower(): plain(name, text, text, result=Kind.BOOLEAN) for name in ("startsWith", "endsWith")},
    "extracturlparameter": plain("extractURLParameter", text, written),
    "cuturlparameter": plain("cutURLParameter", text, written),
    "empty": Function(1, 1, _emptiness("empty")),
    "notempty": Function(1, 1, _emptiness("notEmpty")),
    "like": Function(2, 2, _like(ignoring_case=False)),
    "ilike": Function(2, 2, _like(ignoring_case=True)),
    "notlike": Function(2, 2, _like(ignoring_case=False, negated=True)),
    "notilike": Function(2, 2, _like(ignoring_case=True, negated=True)),
    "match": Function(2, 2, _searched("match", Kind.BOOLEAN)),
    "extract": Function(2, 2, _searched("extract", Kind.TEXT)),
    "countsubstrings": plain("countSubstrings", text, text, result=Kind.NUMBER),
    "replace": Function(3, 3, _plainly_replaced("replaceAll")),
    "replaceall": Function(3, 3, _plainly_replaced("replaceAll")),
    "replaceone": Function(3, 3, _plainly_replaced("replaceOne")),
    "replaceregexpall": Function(3, 3, _replaced("replaceRegexpAll")),
    "replaceregexpone": Function(3, 3, _replaced("replaceRegexpOne")),
    "splitbychar": Function(2, 2, _split("splitByChar")),
    "splitbystring": Function(2, 2, _split("splitByString")),
    "arrayelement": Function(2, 2, _element),
    "arraystringconcat": Function(1, 2, _joined),
    "has": Function(2, 2, _has),
}
"""Functions of texts and of lists."""

JSON: Mapping[str, Function] = {
    "jsonextractstring": Function(1, _PATH, _json("JSONExtractString", Kind.TEXT)),
    "jsonextractraw": Function(1, _PATH, _json("JSONExtractRaw", Kind.TEXT)),
    "jsonextractint": Function(1, _PATH, _json("JSONExtractInt", Kind.NUMBER)),
    "jsonextractuint": Function(1, _PATH, _json("JSONExtractUInt", Kind.NUMBER)),
    "jsonextractfloat": Function(1, _PATH, _json("JSONExtractFloat", Kind.NUMBER)),
    "jsonextractbool": Function(1, _PATH, _json("JSONExtractBool", Kind.BOOLEAN)),
    "jsonhas": Function(2, _PATH, _json("JSONHas", Kind.BOOLEAN)),
    "jsonlength": Function(1, _PATH, _json("JSONLength", Kind.NUMBER)),
}
"""Functions that read inside a JSON text by keys and places."""
