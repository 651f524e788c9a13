"""The format of elements chains, and expressions that read them.

A chain holds the element of an interaction and its ancestors, innermost first, separated by `;`. One element is

    tag.class1.class2:attr__href="/a"attr_id="main"href="/a"nth-child="1"nth-of-type="1"text="Go"

with classes and attributes in alphabetical order. An attribute of the page carries `attr__` before its name.
Inside a quoted value a quote is written \\" and any other backslash stands for itself. So a value that ends in a
backslash is ambiguous; it is read as if it went on.
"""

from datasource.sql.tree import Column, Expr, Lambda, Param, call

BODY = r'(?:[^"\\]|\\+[^\\])*'
"""RE2: the characters between the quotes of a value."""


def quoted(value: str) -> str:
    """Quote a value as in a chain."""
    return '"' + value.replace('"', '\\"') + '"'


def first_href(chain: Expr) -> Expr:
    """Return the first link of a chain, '' without any: String."""
    return _unquoted(call("extract", chain, _values_of("href")))


def texts(chain: Expr) -> Expr:
    """Return the texts of a chain's elements: Array(String)."""
    found = call("extractAll", chain, _values_of("text"))
    return call("arrayMap", Lambda(("value",), _unquoted(Column("value"))), found)


def _values_of(attribute: str) -> Param:
    # What follows the quote shows that it ends the value, even if the value itself looks like attributes.
    return Param(rf'[":]{attribute}="({BODY})"(?:;|$|[^"=;]*=")', "String")


def _unquoted(value: Expr) -> Expr:
    return call("replaceAll", value, Param('\\"', "String"), Param('"', "String"))
