"""Expressions that read properties from JSON strings with the same results as the native layout."""

from dataclasses import dataclass

from datasource.layouts.posthog_columns import MaterializedColumn, PostHogColumns
from datasource.sql.tree import Column, Expr, Infix, Null, Number, Param, call, compare, either, equals

_TEXT = Param("Nullable(String)", "String")
_AMBIGUOUS = ("", "null")


@dataclass(frozen=True, slots=True)
class JsonProperties:
    """The properties in a JSON column of a table with an alias."""

    columns: PostHogColumns
    table: str
    column: str
    alias: str

    def text(self, key: str) -> Expr:
        """Return the property as a string, NULL where it is absent or null: Nullable(String)."""
        materialized = self.materialized(key)
        if materialized is None:
            return self._parsed(key)
        column = Column(materialized.name, self.alias)
        if materialized.is_nullable:
            return column
        # Ambiguous values, and strings that still have escapes, are read from the JSON.
        unclear = either(
            compare(column, "IN", Param(_AMBIGUOUS, "Array(String)")),
            _has_escapes(column),
        )
        return call("if", unclear or Null(), self._parsed(key), column)

    def number(self, key: str) -> Expr:
        """Return the property as a number, NULL where the string is not one: Nullable(Float64)."""
        materialized = self.materialized(key)
        # '' and 'null' are not numbers, whatever they mean.
        text = self._parsed(key) if materialized is None else Column(materialized.name, self.alias)
        return call("ifNotFinite", call("toFloat64OrNull", text), Null())

    def identity(self, key: str) -> Expr:
        """Return the property as the id of something, '' where it is absent: String.

        In a materialized column, the string `null` counts as absent, too: telling it from JSON's null would
        require reading the JSON of every event.
        """
        materialized = self.materialized(key)
        if materialized is None or materialized.is_nullable:
            return call("ifNull", self.text(key), Param("", "String"))
        column = Column(materialized.name, self.alias)
        quoted = call("concat", Param('"', "String"), column, Param('"', "String"))
        return call(
            "multiIf",
            equals(column, Param("null", "String")),
            Param("", "String"),
            _has_escapes(column),
            call("JSONExtract", quoted, Param("String", "String")),
            column,
        )

    def plain_column(self, key: str) -> Column | None:
        """Return a column that equals an unambiguous string in the same rows as `text`, if there is one."""
        materialized = self.materialized(key)
        return None if materialized is None else Column(materialized.name, self.alias)

    def materialized(self, key: str) -> MaterializedColumn | None:
        """Return the materialized column of a property, if there is one."""
        return self.columns.of_property(self.table, self.column, key)

    def _parsed(self, key: str) -> Expr:
        # A string is decoded; anything else is JSON in its shortest form.
        return call("JSONExtract", Column(self.column, self.alias), Param(key, "String"), _TEXT)


def _has_escapes(column: Column) -> Expr:
    return compare(call("position", column, Param("\\", "String")), ">", Number(0))


def is_unambiguous(value: object) -> bool:
    """Whether a string has only one meaning in a column that is not nullable."""
    return (
        isinstance(value, str)
        and value not in _AMBIGUOUS
        and value.isprintable()
        and not any(character in '"\\' for character in value)
    )


def is_equality(node: object) -> bool:
    """Whether a node is `=` or `IN` with two operands."""
    return isinstance(node, Infix) and node.operator in ("=", "IN") and len(node.operands) == 2
