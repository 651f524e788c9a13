"""A small SQL tree, which render.py alone turns into text.

A value is a parameter or a number of the compiler. A client's text can only be a parameter.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from operator import is_
from typing import TypeVar, cast

from datasource.clickhouse.engine import ParamValue


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name, which a layout or the compiler chooses."""

    name: str
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Subcolumn:
    """One path of a JSON column. The key is bound as an identifier parameter, since it is a client's."""

    column: Column
    key: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Param:
    """A value bound as a parameter of a ClickHouse type."""

    value: ParamValue
    type: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number that the compiler chooses."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Null:
    """NULL."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function call. `parameters` belong to a parametric aggregate: quantile(0.9)(x)."""

    name: str
    args: "tuple[Expr, ...]" = ()
    parameters: "tuple[Expr, ...]" = ()


@dataclass(frozen=True, slots=True)
class Infix:
    """Operands joined by one operator, such as AND, =, IN or +."""

    operator: str
    operands: "tuple[Expr, ...]"


@dataclass(frozen=True, slots=True)
class Cast:
    """`CAST(x, 'Type')`; the compiler chooses the type."""

    operand: "Expr"
    type: str


@dataclass(frozen=True, slots=True)
class Alias:
    """`(expr AS name)`. The same SELECT can then refer to it as Column(name)."""

    expr: "Expr"
    name: str


@dataclass(frozen=True, slots=True)
class Lambda:
    """`names -> body`, an argument of array functions."""

    names: tuple[str, ...]
    body: "Expr"


@dataclass(frozen=True, slots=True)
class Over:
    """A window function over the result, or over each part of it with the same values, in the given order."""

    call: Call
    order_by: "tuple[Order, ...]" = ()
    partition_by: "tuple[Expr, ...]" = ()


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar subquery."""

    query: "Query"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an event, its person, groups or session. A layout replaces it by an expression over its tables.

    `name` is one of the names in layouts/contract.py, `key` the key of a property.
    """

    name: str
    key: str | None = None
    group_type_index: int | None = None


@dataclass(frozen=True, slots=True)
class CohortMember:
    """Whether the event's person is in a cohort, as of one calculation. A layout replaces it.

    `is_static` says that the members were uploaded; some layouts store those in another table.
    """

    cohort_id: int
    version: int
    is_static: bool = False


Expr = (
    Column
    | Subcolumn
    | Param
    | Number
    | Null
    | Call
    | Infix
    | Cast
    | Alias
    | Lambda
    | Over
    | Scalar
    | Field
    | CohortMember
)


@dataclass(frozen=True, slots=True)
class Named:
    """`expr AS name`."""

    expr: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY."""

    expr: Expr
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with rows of all projects, which tenant_scope.py restricts to one.

    `database` is None for the engine's own.
    """

    name: str
    alias: str
    is_final: bool = False
    project_column: str = "project_id"
    database: str | None = None


@dataclass(frozen=True, slots=True)
class Events:
    """The events, in whichever tables a layout has them. Their fields are `Field` nodes.

    `near` are the first and last instant of these events and of all events of their sessions, so that a layout
    need not read the whole history to join them.
    """

    near: "tuple[Expr, Expr] | None" = None


@dataclass(frozen=True, slots=True)
class Persons:
    """All current persons, one row each, even without events. Their fields are `Field` nodes."""


@dataclass(frozen=True, slots=True)
class DistinctIds:
    """The distinct ids with their current persons. Both are `Field` nodes."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A derived table: a query in FROM."""

    query: "Query"
    alias: str


Source = Table | Events | Persons | DistinctIds | Derived


@dataclass(frozen=True, slots=True)
class Join:
    """`kind JOIN source ON condition`. Only queries are joined, so every table is alone in a FROM."""

    kind: str
    source: Derived
    condition: Expr


@dataclass(frozen=True, slots=True)
class Select:
    """One SELECT. It and all queries inside it can refer to `defined` by name."""

    columns: tuple[Named, ...]
    source: Source | None = None
    joins: tuple[Join, ...] = ()
    where: Expr | None = None
    group_by: tuple[Expr, ...] = ()
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    defined: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Union:
    """UNION ALL."""

    queries: tuple[Select, ...]


Query = Select | Union
Node = TypeVar("Node")


def call(name: str, *args: Expr) -> Call:
    """Return `name(args...)`."""
    return Call(name, args)


def equals(left: Expr, right: Expr) -> Infix:
    """Return `left = right`."""
    return Infix("=", (left, right))


def compare(left: Expr, operator: str, right: Expr) -> Infix:
    """Return `left operator right`."""
    return Infix(operator, (left, right))


def every(*conditions: Expr | None) -> Expr | None:
    """Join conditions with AND. None means true."""
    return _joined("AND", conditions)


def either(*conditions: Expr | None) -> Expr | None:
    """Join conditions with OR. None means true, so with a None, or no condition at all, the result is None."""
    if any(condition is None for condition in conditions):
        return None
    return _joined("OR", conditions)


def _joined(operator: str, conditions: tuple[Expr | None, ...]) -> Expr | None:
    present = [condition for condition in conditions if condition is not None]
    flat = tuple(part for condition in present for part in _operands(operator, condition))
    if len(flat) > 1:
        return Infix(operator, flat)
    return flat[0] if flat else None


def _operands(operator: str, condition: Expr) -> tuple[Expr, ...]:
    if isinstance(condition, Infix) and condition.operator == operator:
        return condition.operands
    return (condition,)


def transform(node: Node, change: Callable[[object], object]) -> Node:
    """Apply `change` to every node of a tree, children first; a node that occurs twice is changed once."""
    return cast(Node, _transform(node, change, {}))


def _transform(node: object, change: Callable[[object], object], known: dict[int, object]) -> object:
    if isinstance(node, tuple):
        items = [_transform(item, change, known) for item in node]
        return node if all(map(is_, items, node)) else tuple(items)
    names = field_names(type(node))
    if names is None:
        return node
    # By identity: expressions repeat large parts, and comparing them would take as long as changing them.
    if id(node) in known:
        return known[id(node)]
    changed = {}
    for name in names:
        child = getattr(node, name)
        new = _transform(child, change, known)
        if new is not child:
            changed[name] = new
    # mypy cannot see that a class with field names is a dataclass.
    result = change(replace(node, **changed) if changed else node)  # type: ignore[type-var]
    known[id(node)] = result
    return result


_FIELD_NAMES: dict[type, tuple[str, ...] | None] = {}


def field_names(kind: type) -> tuple[str, ...] | None:
    """Return the fields of a node's class; None for other values. Cached, since trees are walked often."""
    if kind not in _FIELD_NAMES:
        _FIELD_NAMES[kind] = tuple(item.name for item in fields(kind)) if is_dataclass(kind) else None
    return _FIELD_NAMES[kind]
