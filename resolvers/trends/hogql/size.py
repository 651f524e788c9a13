"""The limit of an expression's size in SQL, where one part may occur many times."""

from sqlglot import exp

from datasource.sql.tree import Expr, field_names
from resolvers.trends.hogql.errors import HogQLError

_MOST_NODES = 10_000
_DEEPEST = 100


def check_size(tree: Expr, node: exp.Expr) -> Expr:
    """Return the tree. Raises HogQLError when it is too large for a statement."""
    nodes, depth = _measure(tree, {})
    if nodes > _MOST_NODES or depth > _DEEPEST:
        raise HogQLError("the expression is too large.", node, "Shorten it, or nest it less.")
    return tree


def _measure(node: object, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    # By identity: a part that occurs twice counts twice and is visited once.
    if id(node) not in known:
        children = _children(node)
        sizes = [_measure(child, known) for child in children]
        known[id(node)] = 1 + sum(size for size, _ in sizes), 1 + max((depth for _, depth in sizes), default=0)
    return known[id(node)]


def _children(node: object) -> tuple[object, ...]:
    if isinstance(node, tuple):
        return node
    return tuple(getattr(node, name) for name in field_names(type(node)) or ())
