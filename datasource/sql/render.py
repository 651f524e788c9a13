"""Rendering of a SQL tree, the only place where it becomes text with bound parameters."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, assert_never

from datasource.clickhouse.engine import Identifier, ParamValue
from datasource.sql.tree import (
    Alias,
    Call,
    Cast,
    CohortMember,
    Column,
    Derived,
    DistinctIds,
    Events,
    Expr,
    Field,
    Infix,
    Join,
    Lambda,
    Named,
    Null,
    Number,
    Order,
    Over,
    Param,
    Persons,
    Query,
    Scalar,
    Select,
    Source,
    Subcolumn,
    Table,
    Union,
)
from errors import ErrorCode, LimitExceeded

MAX_CHARACTERS: Final = 250_000
"""Of ClickHouse's 256 KiB, the rest is for settings. Text is ASCII, since names are and values are parameters."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COLUMN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_TYPE = re.compile(r"[A-Za-z0-9_(), ']+")
_OPERATORS = frozenset({"AND", "OR", "=", "!=", "<", "<=", ">", ">=", "IN", "NOT IN", "+", "-", "*", "/", "%"})


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text with `{name:Type}` parameters, and the values and types of these by name."""

    text: str
    params: MappingProxyType[str, ParamValue]
    types: MappingProxyType[str, str]

    def describe(self) -> str:
        """Return the text below one comment line per parameter, which shows its value."""
        lines = [
            f"-- {name} {self.types[name]} = {json.dumps(value, ensure_ascii=False)}"
            for name, value in self.params.items()
        ]
        return "\n".join([*lines, self.text])


def render(query: Query) -> Statement:
    """Render a tree in which a layout has replaced all logical nodes. Raises TypeError otherwise.

    Raises QUERY_TOO_EXPENSIVE for a statement that is longer than ClickHouse reads by default.
    """
    renderer = _Renderer()
    text = renderer.query(query)
    if len(text) > MAX_CHARACTERS:
        raise LimitExceeded(
            ErrorCode.QUERY_TOO_EXPENSIVE,
            "The SQL of the query has {actual:,} characters; the limit is {limit:,}.",
            limit=MAX_CHARACTERS,
            actual=len(text),
            unit="characters",
            hint="Use fewer or shorter filters; IN takes many values at the cost of one.",
        )
    return Statement(text, MappingProxyType(renderer.params), MappingProxyType(renderer.types))


def is_column_name(name: str) -> bool:
    """Return whether a column of that name can be rendered. Other installations' names may contain a dollar."""
    return _COLUMN.fullmatch(name) is not None


class _Renderer:
    def __init__(self) -> None:
        self.params: dict[str, ParamValue] = {}
        self.types: dict[str, str] = {}
        self._names: dict[tuple[str, str], str] = {}

    def query(self, query: Query) -> str:
        if isinstance(query, Union):
            return "\nUNION ALL\n".join(self._select(select) for select in query.queries)
        return self._select(query)

    def _select(self, select: Select) -> str:
        columns = ",\n".join(_indent(self._named(column)) for column in select.columns)
        clauses = [f"SELECT\n{columns}"]
        if select.defined:
            defined = ", ".join(f"{self._expression(each.expr)} AS {_name(each.name)}" for each in select.defined)
            clauses.insert(0, f"WITH {defined}")
        if select.source is not None:
            clauses.append(f"FROM {self._source(select.source)}")
        clauses.extend(self._join(join) for join in select.joins)
        if select.where is not None:
            clauses.append(f"WHERE {self._conjunction(select.where)}")
        if select.group_by:
            clauses.append(f"GROUP BY {self._list(select.group_by)}")
        if select.order_by:
            clauses.append(f"ORDER BY {self._orders(select.order_by)}")
        if select.limit is not None:
            clauses.append(f"LIMIT {select.limit:d}")
        return "\n".join(clauses)

    def _expression(self, node: Expr) -> str:
        match node:
            case Column(name, table):
                return _column(name) if table is None else f"{_name(table)}.{_column(name)}"
            case Subcolumn(column, key, kind):
                path = f"{self._expression(column)}.{self._bind(Identifier(key), 'Identifier')}"
                return path if kind is None else f"{path}.:{_type(kind)}"
            case Param(value, kind):
                return self._bind(value, kind)
            case Number(value):
                return repr(value)
            case Null():
                return "NULL"
            case Call(name, args, parameters):
                prefix = f"{_name(name)}({self._list(parameters)})" if parameters else _name(name)
                return f"{prefix}({self._list(args)})"
            case Infix(operator, operands):
                # Always in parentheses, so that precedence never matters.
                return f"({f' {_operator(operator)} '.join(self._expression(item) for item in operands)})"
            case Cast(operand, kind):
                return f"CAST({self._expression(operand)}, '{_escaped(_type(kind))}')"
            case Alias(operand, name):
                return f"({self._expression(operand)} AS {_name(name)})"
            case Lambda(names, body):
                return f"({', '.join(_name(name) for name in names)}) -> {self._expression(body)}"
            case Over(function, order_by, partition_by):
                window = [f"PARTITION BY {self._list(partition_by)}"] if partition_by else []
                if order_by:
                    window.append(f"ORDER BY {self._orders(order_by)}")
                return f"{self._expression(function)} OVER ({' '.join(window)})"
            case Scalar(query):
                return f"(\n{_indent(self.query(query))}\n)"
            case Field() | CohortMember():
                raise TypeError(f"{type(node).__name__} must be replaced by a layout before rendering")
            case _:
                assert_never(node)

    def _named(self, named: Named) -> str:
        text = self._expression(named.expr)
        return text if text == named.name else f"{text} AS {_name(named.name)}"

    def _source(self, source: Source) -> str:
        match source:
            case Table(name, alias, is_final, _, database):
                table = _name(name) if database is None else f"{_name(database)}.{_name(name)}"
                return f"{table} AS {_name(alias)}{' FINAL' if is_final else ''}"
            case Derived(query, alias):
                return f"(\n{_indent(self.query(query))}\n) AS {_name(alias)}"
            case Events() | Persons() | DistinctIds():
                raise TypeError(f"{type(source).__name__} must be replaced by a layout before rendering")
            case _:
                assert_never(source)

    def _join(self, join: Join) -> str:
        return f"{join.kind} JOIN {self._source(join.source)} ON {self._expression(join.condition)}"

    def _conjunction(self, condition: Expr) -> str:
        if isinstance(condition, Infix) and condition.operator == "AND":
            return "\n    AND ".join(self._expression(item) for item in condition.operands)
        return self._expression(condition)

    def _orders(self, orders: Sequence[Order]) -> str:
        return ", ".join(
            f"{self._expression(order.expr)}{' DESC' if order.is_descending else ''}" for order in orders
        )

    def _list(self, nodes: Sequence[Expr]) -> str:
        return ", ".join(self._expression(node) for node in nodes)

    def _bind(self, value: ParamValue, kind: str) -> str:
        # By repr, since 1, 1.0 and True are equal and hash alike.
        name = self._names.setdefault((repr(value), kind), f"p{len(self._names)}")
        self.params[name] = value
        self.types[name] = kind
        return f"{{{name}:{_type(kind)}}}"


def _indent(text: str) -> str:
    return "    " + text.replace("\n", "\n    ")


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a valid name")
    return name


def _column(name: str) -> str:
    return f"`{name}`" if "$" in name and is_column_name(name) else _name(name)


def _type(kind: str) -> str:
    if not _TYPE.fullmatch(kind):
        raise ValueError(f"{kind!r} is not a valid type")
    return kind


def _operator(operator: str) -> str:
    if operator not in _OPERATORS:
        raise ValueError(f"{operator!r} is not a valid operator")
    return operator


def _escaped(kind: str) -> str:
    return kind.replace("'", "\\'")
