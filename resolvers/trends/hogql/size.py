"""How large an expression may become: parts that stand for two, such as BETWEEN, double with every nesting."""

from dataclasses import fields, is_dataclass

from sqlglot import exp

from datasource.sql.tree import Expr
from resolvers.trends.hogql.refusal import Refusal

MOST_NODES = 10_000
DEEPEST = 100


def check_size(tree: Expr, spot: exp.Expr) -> Expr:
    """The tree itself. Raises Refusal when it is too large to be sent."""
    nodes, depth = _measure(tree, {})
    if nodes > MOST_NODES or depth > DEEPEST:
        raise Refusal("the expression grows too large.", spot, "Shorten it, or nest it less.")
    return tree


def _measure(node: object, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    # By identity: a part that is used twice is counted twice and visited once.
    if id(node) not in known:
        children = _children(node)
        sizes = [_measure(child, known) for child in children]
        known[id(node)] = 1 + sum(size for size, _ in sizes), 1 + max((depth for _, depth in sizes), default=0)
    return known[id(node)]


def _children(node: object) -> tuple[object, ...]:
    if isinstance(node, tuple):
        return node
    if not is_dataclass(node):
        return ()
    return tuple(getattr(node, item.name) for item in fields(node))
