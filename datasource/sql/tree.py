"""A small SQL tree. Statements are built of these nodes only; render.py alone turns them into text.

Values are parameters, or figures of the compiler. A client's text can be in the tree as a parameter only.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from operator import is_
from typing import TypeVar, cast

from datasource.clickhouse.engine import ParamValue


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name, which a layout or the compiler chose."""

    name: str
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Subcolumn:
    """One path of a JSON column. The key is a client's, so it is bound as an identifier parameter."""

    column: Column
    key: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Param:
    """A value bound by name under a ClickHouse type."""

    value: ParamValue
    type: str


@dataclass(frozen=True, slots=True)
class Number:
    """A figure of the compiler's own."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Null:
    """NULL."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; `parameters` are those of a parametric aggregate, quantile(0.9)(x)."""

    name: str
    args: "tuple[Expr, ...]" = ()
    parameters: "tuple[Expr, ...]" = ()


@dataclass(frozen=True, slots=True)
class Infix:
    """Operands joined by one operator: AND, OR, =, <, IN, + ..."""

    operator: str
    operands: "tuple[Expr, ...]"


@dataclass(frozen=True, slots=True)
class Cast:
    """`CAST(x, 'Type')`, the type being the compiler's choice."""

    operand: "Expr"
    type: str


@dataclass(frozen=True, slots=True)
class Alias:
    """`(expr AS name)`: the same SELECT may then say Column(name) for it, which spares repeating it."""

    expr: "Expr"
    name: str


@dataclass(frozen=True, slots=True)
class Lambda:
    """`names -> body`, an argument of array functions."""

    names: tuple[str, ...]
    body: "Expr"


@dataclass(frozen=True, slots=True)
class Over:
    """A window function over the whole result in the given order."""

    call: Call
    order_by: "tuple[Order, ...]"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A query that answers one value."""

    query: "Query"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an event or of what belongs to it; a layout replaces it by what its tables hold.

    `name` is one of the names in layout.py, `key` a property's key, `group_type_index` a group's.
    """

    name: str
    key: str | None = None
    group_type_index: int | None = None


@dataclass(frozen=True, slots=True)
class CohortMember:
    """Whether the event's person is a member of a cohort, as of one calculation; a layout replaces it.

    `is_static` says that the members were listed, for layouts that keep those elsewhere.
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
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table that holds rows of every project; the project's condition is added to each (see scope.py).

    `database` is None for the one that the engine is connected to.
    """

    name: str
    alias: str
    final: bool = False
    project_column: str = "project_id"
    database: str | None = None


@dataclass(frozen=True, slots=True)
class Events:
    """The events, whatever a layout keeps them in; fields of them are `Field` nodes.

    `near` is a span of time (two instants) in which all of the events lie and all of their sessions' events, so
    that a layout need not look at all history for what belongs to them.
    """

    near: "tuple[Expr, Expr] | None" = None


@dataclass(frozen=True, slots=True)
class Persons:
    """The persons as of now, one row each, also those without events; fields of a person are `Field` nodes."""


@dataclass(frozen=True, slots=True)
class DistinctIds:
    """The distinct ids that persons are known by: `Field` nodes of the id and of the person as of now."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A query in FROM."""

    query: "Query"
    alias: str


@dataclass(frozen=True, slots=True)
class Join:
    """`kind JOIN source ON condition`. Only queries are joined: every table stands alone in a FROM."""

    kind: str
    source: Derived
    condition: Expr


@dataclass(frozen=True, slots=True)
class Select:
    """One SELECT."""

    columns: tuple[Named, ...]
    source: Table | Events | Persons | DistinctIds | Derived | None = None
    joins: tuple[Join, ...] = ()
    where: Expr | None = None
    group_by: tuple[Expr, ...] = ()
    order_by: tuple[Order, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Union:
    """UNION ALL."""

    queries: tuple[Select, ...]


Query = Select | Union
Node = TypeVar("Node")


def call(name: str, *args: Expr) -> Call:
    """A function call."""
    return Call(name, args)


def equals(left: Expr, right: Expr) -> Infix:
    """`left = right`."""
    return Infix("=", (left, right))


def compare(left: Expr, operator: str, right: Expr) -> Infix:
    """`left operator right`."""
    return Infix(operator, (left, right))


def every(*conditions: Expr | None) -> Expr | None:
    """All of the conditions that are there; None, which is true, when there is none."""
    return _joined("AND", conditions)


def either(*conditions: Expr | None) -> Expr | None:
    """Any of the conditions; None when one of them is true anyway, or when there is none."""
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
    """The tree with `change` applied to every node, children first."""
    return cast(Node, _transform(node, change))


def _transform(node: object, change: Callable[[object], object]) -> object:
    if isinstance(node, tuple):
        items = [_transform(item, change) for item in node]
        return node if all(map(is_, items, node)) else tuple(items)
    names = _field_names(type(node))
    if names is None:
        return node
    changed = {}
    for name in names:
        child = getattr(node, name)
        new = _transform(child, change)
        if new is not child:
            changed[name] = new
    # mypy cannot see that a kind with field names is a dataclass.
    return change(replace(node, **changed) if changed else node)  # type: ignore[type-var]


def _field_names(kind: type) -> tuple[str, ...] | None:
    """The fields of a node's kind, None for what is no node; looked up once, since trees are walked often."""
    if kind not in _FIELD_NAMES:
        _FIELD_NAMES[kind] = tuple(item.name for item in fields(kind)) if is_dataclass(kind) else None
    return _FIELD_NAMES[kind]


_FIELD_NAMES: dict[type, tuple[str, ...] | None] = {}
