"""How an elements chain is written, and what is read from it.

A chain holds the element of an interaction and its ancestors, innermost first, separated by `;`. One element is

    tag.class1.class2:attr__href="/a"attr_id="main"href="/a"nth-child="1"nth-of-type="1"text="Go"

with classes and attributes in alphabetical order. An attribute of the page carries `attr__` before its name.
Inside a quoted value a quote is written \\" and any other backslash stands for itself. So a value that ends in a
backslash cannot be told from one that goes on; it is read as going on.
"""

from datasource.sql.tree import Column, Expr, Lambda, Param, call

BODY = r'(?:[^"\\]|\\+[^\\])*'
"""RE2: what may stand between the quotes of a value."""


def quoted(value: str) -> str:
    """The value as it stands in a chain."""
    return '"' + value.replace('"', '\\"') + '"'


def first_href(chain: Expr) -> Expr:
    """The first link of a chain, '' where it has none: String."""
    return _unquoted(call("extract", chain, _values_of("href")))


def texts(chain: Expr) -> Expr:
    """The texts of a chain's elements: Array(String)."""
    found = call("extractAll", chain, _values_of("text"))
    return call("arrayMap", Lambda(("value",), _unquoted(Column("value"))), found)


def _values_of(attribute: str) -> Param:
    # What follows tells the end of a value from the start of one that reads like an attribute itself.
    return Param(rf'[":]{attribute}="({BODY})"(?:;|$|[^"=;]*=")', "String")


def _unquoted(value: Expr) -> Expr:
    return call("replaceAll", value, Param('\\"', "String"), Param('"', "String"))
