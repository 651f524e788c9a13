"""Properties in JSON texts: how one is read, as a text or as a number, so that it equals the native layout's."""

from dataclasses import dataclass

from datasource.layouts.posthog_columns import MaterializedColumn, PostHogColumns
from datasource.sql.tree import Column, Expr, Infix, Null, Number, Param, call, compare, either, equals

_TEXT = Param("Nullable(String)", "String")
_AMBIGUOUS = ("", "null")


@dataclass(frozen=True, slots=True)
class JsonProperties:
    """The properties in one JSON column of a table; `alias` is the table's in the statement."""

    columns: PostHogColumns
    table: str
    column: str
    alias: str

    def text(self, key: str) -> Expr:
        """The property as text, NULL where it is absent or null: Nullable(String)."""
        own = self.materialized(key)
        if own is None:
            return self._parsed(key)
        column = Column(own.name, self.alias)
        if own.is_nullable:
            return column
        # What the column cannot tell, and texts whose escapes it still has, are read from the JSON.
        unclear = either(
            compare(column, "IN", Param(_AMBIGUOUS, "Array(String)")),
            _has_escapes(column),
        )
        return call("if", unclear or Null(), self._parsed(key), column)

    def number(self, key: str) -> Expr:
        """The same as a number, NULL where the whole text is none: Nullable(Float64)."""
        own = self.materialized(key)
        # '' and 'null' are no numbers, whatever they stand for.
        text = self._parsed(key) if own is None else Column(own.name, self.alias)
        return call("ifNotFinite", call("toFloat64OrNull", text), Null())

    def identity(self, key: str) -> Expr:
        """The property as what identifies something, '' for none: String.

        Where it has a column of its own, the text null is none too: to tell it from JSON's null would take the
        JSON of every event.
        """
        own = self.materialized(key)
        if own is None or own.is_nullable:
            return call("ifNull", self.text(key), Param("", "String"))
        column = Column(own.name, self.alias)
        quoted = call("concat", Param('"', "String"), column, Param('"', "String"))
        return call(
            "multiIf",
            equals(column, Param("null", "String")),
            Param("", "String"),
            _has_escapes(column),
            call("JSONExtract", quoted, Param("String", "String")),
            column,
        )

    def clear_text(self, key: str) -> Column | None:
        """A column that equals a clear text (see below) in the same rows as `text` does, if there is one."""
        own = self.materialized(key)
        return None if own is None else Column(own.name, self.alias)

    def materialized(self, key: str) -> MaterializedColumn | None:
        """The property's own column."""
        return self.columns.of_property(self.table, self.column, key)

    def _parsed(self, key: str) -> Expr:
        # Of texts it is the decoded text, of anything else the JSON, written in the shortest way.
        return call("JSONExtract", Column(self.column, self.alias), Param(key, "String"), _TEXT)


def _has_escapes(column: Column) -> Expr:
    return compare(call("position", column, Param("\\", "String")), ">", Number(0))


def is_clear(text: object) -> bool:
    """Whether a text stands for nothing but itself in a column that cannot be null."""
    return (
        isinstance(text, str)
        and text not in _AMBIGUOUS
        and text.isprintable()
        and not any(character in '"\\' for character in text)
    )


def is_equality(node: object) -> bool:
    """Whether it compares something with texts that it equals."""
    return isinstance(node, Infix) and node.operator in ("=", "IN") and len(node.operands) == 2
