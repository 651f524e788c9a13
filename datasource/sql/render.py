"""The one place where a SQL tree becomes text with bound parameters."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from datasource.clickhouse.engine import Identifier, ParamValue
from datasource.sql.tree import (
    Alias,
    Call,
    Cast,
    Column,
    Derived,
    Expr,
    Infix,
    Join,
    Lambda,
    Named,
    Null,
    Number,
    Order,
    Over,
    Param,
    Query,
    Scalar,
    Select,
    Subcolumn,
    Table,
    Union,
)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COLUMN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_TYPE = re.compile(r"[A-Za-z0-9_(), ']+")
_OPERATORS = frozenset({"AND", "OR", "=", "!=", "<", "<=", ">", ">=", "IN", "NOT IN", "+", "-", "*", "/", "%"})


@dataclass(frozen=True, slots=True)
class Statement:
    """Text with `{name:Type}` in it, and the values of those names with their types."""

    text: str
    params: MappingProxyType[str, ParamValue]
    types: MappingProxyType[str, str]

    def described(self) -> str:
        """The text with a comment line per parameter that gives its value."""
        lines = [
            f"-- {name} {self.types[name]} = {json.dumps(value, ensure_ascii=False)}"
            for name, value in self.params.items()
        ]
        return "\n".join([*lines, self.text])


def render(query: Query) -> Statement:
    """The statement of a tree that holds no logical nodes any more (see layout.py)."""
    renderer = _Renderer()
    text = renderer.query(query)
    return Statement(text, MappingProxyType(renderer.params), MappingProxyType(renderer.types))


class _Renderer:
    def __init__(self) -> None:
        self.params: dict[str, ParamValue] = {}
        self.types: dict[str, str] = {}
        self._bound: dict[tuple[str, str], str] = {}

    def query(self, query: Query) -> str:
        if isinstance(query, Union):
            return "\nUNION ALL\n".join(self.select(select) for select in query.queries)
        return self.select(query)

    def select(self, select: Select) -> str:
        columns = ",\n".join(_indent(self._named(column)) for column in select.columns)
        clauses = [f"SELECT\n{columns}"]
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

    def expression(self, node: Expr) -> str:
        match node:
            case Column(name, table):
                return _column(name) if table is None else f"{_name(table)}.{_column(name)}"
            case Subcolumn(column, key, kind):
                path = f"{self.expression(column)}.{self._bind(Identifier(key), 'Identifier')}"
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
                return f"({f' {_operator(operator)} '.join(self.expression(item) for item in operands)})"
            case Cast(operand, kind):
                return f"CAST({self.expression(operand)}, '{_escaped(_type(kind))}')"
            case Alias(operand, name):
                return f"({self.expression(operand)} AS {_name(name)})"
            case Lambda(names, body):
                return f"({', '.join(_name(name) for name in names)}) -> {self.expression(body)}"
            case Over(function, order_by):
                return f"{self.expression(function)} OVER (ORDER BY {self._orders(order_by)})"
            case Scalar(query):
                return f"(\n{_indent(self.query(query))}\n)"
            case _:
                raise TypeError(f"{type(node).__name__} is no node of a finished statement")

    def _named(self, named: Named) -> str:
        text = self.expression(named.expr)
        return text if text == named.name else f"{text} AS {_name(named.name)}"

    def _source(self, source: object) -> str:
        match source:
            case Table(name, alias, final, _, database):
                place = _name(name) if database is None else f"{_name(database)}.{_name(name)}"
                return f"{place} AS {_name(alias)}{' FINAL' if final else ''}"
            case Derived(query, alias):
                return f"(\n{_indent(self.query(query))}\n) AS {_name(alias)}"
            case _:
                raise TypeError(f"{type(source).__name__} is no source of a finished statement")

    def _join(self, join: Join) -> str:
        return f"{join.kind} JOIN {self._source(join.source)} ON {self.expression(join.condition)}"

    def _conjunction(self, condition: Expr) -> str:
        if isinstance(condition, Infix) and condition.operator == "AND":
            return "\n    AND ".join(self.expression(item) for item in condition.operands)
        return self.expression(condition)

    def _orders(self, orders: Sequence[Order]) -> str:
        return ", ".join(f"{self.expression(order.expr)}{' DESC' if order.descending else ''}" for order in orders)

    def _list(self, nodes: Sequence[Expr]) -> str:
        return ", ".join(self.expression(node) for node in nodes)

    def _bind(self, value: ParamValue, kind: str) -> str:
        identity = (repr(value), kind)
        name = self._bound.setdefault(identity, f"p{len(self._bound)}")
        self.params[name] = value
        self.types[name] = kind
        return f"{{{name}:{_type(kind)}}}"


def _indent(text: str) -> str:
    return "    " + text.replace("\n", "\n    ")


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name that the compiler gives")
    return name


def _column(name: str) -> str:
    return f"`{name}`" if "$" in name and is_column_name(name) else _name(name)


def is_column_name(name: str) -> bool:
    """Whether a column of that name can be part of a statement: others than our own may hold a dollar."""
    return _COLUMN.fullmatch(name) is not None


def _type(kind: str) -> str:
    if not _TYPE.fullmatch(kind):
        raise ValueError(f"{kind!r} is no type that the compiler gives")
    return kind


def _operator(operator: str) -> str:
    if operator not in _OPERATORS:
        raise ValueError(f"{operator!r} is no operator")
    return operator


def _escaped(kind: str) -> str:
    return kind.replace("'", "\\'")
