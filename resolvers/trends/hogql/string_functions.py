"""Functions of strings, lists of strings and JSON."""

from collections.abc import Mapping

from datasource.sql.tree import Call, Expr, Number, Param, call
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.errors import HogQLError, quoted
from resolvers.trends.hogql.functions import (
    MAX_ARGUMENTS,
    Build,
    Function,
    Invocation,
    constant,
    integer,
    plain,
    string,
)
from resolvers.trends.hogql.values import (
    Value,
    ValueType,
    as_string,
    constant_integer,
    constant_string,
    number_result,
    type_error,
)
from resolvers.trends.regexes import HINT, is_replacement, regex_problem

_LONGEST_PAD = 1000


def matches(subject: Value, pattern: Value, *, ignoring_case: bool) -> Expr:
    """Whether a string is like a constant pattern; false for NULL."""
    form = constant_string(pattern)
    backslashes = len(form) - len(form.rstrip("\\"))
    if backslashes % 2:
        raise HogQLError("the pattern ends with a single backslash.", pattern.node, r"Write \\ for a backslash.")
    expr = call("ilike" if ignoring_case else "like", as_string(subject), Param(form, "String"))
    return call("ifNull", expr, Number(0))


def element(list_: Value, index: Value) -> Value:
    """The element of a list at an index from 1, or from the end if negative; '' where there is none."""
    if list_.type is not ValueType.LIST:
        raise type_error(list_, ValueType.LIST, "For example splitByString(',', properties.tags)[1].")
    position = constant_integer(index)
    if position == 0:
        raise HogQLError("indexes of lists start at 1.", index.node)
    return Value(call("arrayElement", list_.expr, Param(position, "Int64")), ValueType.STRING, list_.node)


def _like(*, ignoring_case: bool, negated: bool = False) -> Build:
    def build(invocation: Invocation) -> Value:
        subject, pattern = invocation.arguments
        expr = matches(subject, pattern, ignoring_case=ignoring_case)
        return Value(call("not", expr) if negated else expr, ValueType.BOOLEAN, invocation.node)

    return build


def _concat(invocation: Invocation) -> Value:
    parts = tuple(_or_empty(value) for value in invocation.arguments)
    return Value(Call("concat", parts), ValueType.STRING, invocation.node)


def _or_empty(value: Value) -> Expr:
    text = as_string(value)
    return text if value.literal is not None else call("ifNull", text, Param("", "String"))


def _search(name: str, result: ValueType) -> Build:
    def build(invocation: Invocation) -> Value:
        subject, pattern = invocation.arguments
        expr = call(name, as_string(subject), Param(_regex(pattern, invocation.context), "String"))
        return Value(expr, result, invocation.node)

    return build


def _replace_regex(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        subject, pattern, replacement = invocation.arguments
        regex, by = _regex(pattern, invocation.context), constant_string(replacement)
        if not is_replacement(regex, by):
            raise HogQLError(
                "{text} is not a valid replacement.",
                replacement.node,
                r"A replacement can refer to groups of the pattern: \1.",
                text=quoted(by),
            )
        expr = call(name, as_string(subject), Param(regex, "String"), Param(by, "String"))
        return Value(expr, ValueType.STRING, invocation.node)

    return build


def _regex(pattern: Value, context: CompileContext) -> str:
    regex = constant_string(pattern)
    context.meter.add_regex(regex)
    problem = regex_problem(regex)
    if problem is not None:
        raise HogQLError("invalid regular expression: {problem}.", pattern.node, HINT, problem=problem)
    return regex


def _replace(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        subject, part, by = invocation.arguments
        if not constant_string(part):
            raise HogQLError("the string to replace is empty.", part.node)
        expr = call(name, as_string(subject), Param(constant_string(part), "String"), as_string(by))
        return Value(expr, ValueType.STRING, invocation.node)

    return build


def _split(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        separator, subject = invocation.arguments
        by = constant_string(separator)
        if name == "splitByChar" and len(by.encode()) != 1:
            raise HogQLError("expected a single ASCII character.", separator.node, "Use splitByString().")
        string_ = call("ifNull", as_string(subject), Param("", "String"))
        return Value(call(name, Param(by, "String"), string_), ValueType.LIST, invocation.node)

    return build


def _pad(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        subject, length, *by = invocation.arguments
        filling = constant_string(by[0]) if by else " "
        if not filling:
            raise HogQLError("the padding is empty.", by[0].node)
        places = Param(constant_integer(length, 0, _LONGEST_PAD), "Int64")
        expr = call(name, as_string(subject), places, Param(filling, "String"))
        return Value(expr, ValueType.STRING, invocation.node)

    return build


def _length(invocation: Invocation) -> Value:
    value = invocation.arguments[0]
    expr = value.expr if value.type is ValueType.LIST else as_string(value)
    return number_result(call("length", expr), invocation.node)


def _emptiness(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        value = invocation.arguments[0]
        expr = value.expr if value.type is ValueType.LIST else as_string(value)
        return Value(call(name, expr), ValueType.BOOLEAN, invocation.node)

    return build


def _has(invocation: Invocation) -> Value:
    list_, wanted = invocation.arguments
    if list_.type is not ValueType.LIST:
        raise type_error(list_, ValueType.LIST, "For example splitByString(',', properties.tags).")
    return Value(call("has", list_.expr, as_string(wanted)), ValueType.BOOLEAN, invocation.node)


def _join(invocation: Invocation) -> Value:
    list_, *by = invocation.arguments
    if list_.type is not ValueType.LIST:
        raise type_error(list_, ValueType.LIST)
    separator = Param(constant_string(by[0]) if by else "", "String")
    return Value(call("arrayStringConcat", list_.expr, separator), ValueType.STRING, invocation.node)


def _element(invocation: Invocation) -> Value:
    return element(*invocation.arguments)


def _position(value: Value, context: CompileContext) -> Expr:
    if value.literal == 0:
        raise HogQLError("positions in strings start at 1.", value.node)
    position = integer(value, context)
    # ClickHouse fails on a constant 0.
    return position if isinstance(value.literal, float) else call("nullIf", position, Number(0))


def _json(name: str, result: ValueType) -> Build:
    def build(invocation: Invocation) -> Value:
        json, *path = invocation.arguments
        expr = Call(name, (as_string(json), *(_json_step(step) for step in path)))
        if result is ValueType.NUMBER:
            return number_result(expr, invocation.node)
        return Value(expr, result, invocation.node)

    return build


def _json_step(step: Value) -> Expr:
    if step.type is ValueType.STRING:
        return Param(constant_string(step), "String")
    return Param(constant_integer(step, -(10**6), 10**6), "Int64")


_PATH = 10
_STRING_TO_STRING = (
    *("lower", "upper", "lowerUTF8", "upperUTF8", "reverse", "reverseUTF8", "trim", "trimLeft", "trimRight"),
    *("domain", "domainWithoutWWW", "topLevelDomain", "cutToFirstSignificantSubdomain", "protocol", "path"),
    *("pathFull", "queryString", "fragment", "cutQueryString", "cutFragment", "cutQueryStringAndFragment"),
    *("cutWWW", "decodeURLComponent", "encodeURLComponent"),
)
_CLICKHOUSE_NAMES = {"trim": "trimBoth"}

STRING_FUNCTIONS: Mapping[str, Function] = {
    **{name.lower(): plain(_CLICKHOUSE_NAMES.get(name, name), string) for name in _STRING_TO_STRING},
    "trimboth": plain("trimBoth", string),
    "concat": Function(1, MAX_ARGUMENTS, _concat),
    "length": Function(1, 1, _length),
    "lengthutf8": plain("lengthUTF8", string, result=ValueType.NUMBER),
    **{
        name: plain(f"substring{form}", string, _position, integer, least=2)
        for name, form in (("substring", ""), ("substr", ""), ("substringutf8", "UTF8"))
    },
    **{name.lower(): plain(name, string, integer) for name in ("left", "leftUTF8", "right", "rightUTF8")},
    **{name.lower(): Function(2, 3, _pad(name)) for name in ("leftPad", "rightPad")},
    **{
        name.lower(): plain(name, string, string, result=ValueType.NUMBER)
        for name in ("position", "positionUTF8", "positionCaseInsensitive", "positionCaseInsensitiveUTF8")
    },
    **{name.lower(): plain(name, string, string, result=ValueType.BOOLEAN) for name in ("startsWith", "endsWith")},
    "extracturlparameter": plain("extractURLParameter", string, constant),
    "cuturlparameter": plain("cutURLParameter", string, constant),
    "empty": Function(1, 1, _emptiness("empty")),
    "notempty": Function(1, 1, _emptiness("notEmpty")),
    "like": Function(2, 2, _like(ignoring_case=False)),
    "ilike": Function(2, 2, _like(ignoring_case=True)),
    "notlike": Function(2, 2, _like(ignoring_case=False, negated=True)),
    "notilike": Function(2, 2, _like(ignoring_case=True, negated=True)),
    "match": Function(2, 2, _search("match", ValueType.BOOLEAN)),
    "extract": Function(2, 2, _search("extract", ValueType.STRING)),
    "countsubstrings": plain("countSubstrings", string, string, result=ValueType.NUMBER),
    "replace": Function(3, 3, _replace("replaceAll")),
    "replaceall": Function(3, 3, _replace("replaceAll")),
    "replaceone": Function(3, 3, _replace("replaceOne")),
    "replaceregexpall": Function(3, 3, _replace_regex("replaceRegexpAll")),
    "replaceregexpone": Function(3, 3, _replace_regex("replaceRegexpOne")),
    "splitbychar": Function(2, 2, _split("splitByChar")),
    "splitbystring": Function(2, 2, _split("splitByString")),
    "arrayelement": Function(2, 2, _element),
    "arraystringconcat": Function(1, 2, _join),
    "has": Function(2, 2, _has),
}
"""Functions of strings and of lists."""

JSON_FUNCTIONS: Mapping[str, Function] = {
    "jsonextractstring": Function(1, _PATH, _json("JSONExtractString", ValueType.STRING)),
    "jsonextractraw": Function(1, _PATH, _json("JSONExtractRaw", ValueType.STRING)),
    "jsonextractint": Function(1, _PATH, _json("JSONExtractInt", ValueType.NUMBER)),
    "jsonextractuint": Function(1, _PATH, _json("JSONExtractUInt", ValueType.NUMBER)),
    "jsonextractfloat": Function(1, _PATH, _json("JSONExtractFloat", ValueType.NUMBER)),
    "jsonextractbool": Function(1, _PATH, _json("JSONExtractBool", ValueType.BOOLEAN)),
    "jsonhas": Function(2, _PATH, _json("JSONHas", ValueType.BOOLEAN)),
    "jsonlength": Function(1, _PATH, _json("JSONLength", ValueType.NUMBER)),
}
"""Functions that read inside a JSON string by keys and indexes."""
