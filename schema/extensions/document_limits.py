"""The limits on documents, and the errors of those that exceed them."""

from dataclasses import dataclass
from typing import Final, Self

from errors import ErrorCode, LimitExceeded
from schema.extensions.shape import Shape
from settings import Settings

MAX_WORD_LENGTH: Final = 200
"""Characters of a name or number in a document."""
MAX_SCHEMA_FIELDS: Final = 1

_SPLIT: Final = "Split it into several requests, and pass values as variables."


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """The most that a document may contain."""

    length: int
    tokens: int
    definitions: int
    selections: int
    repeats: int
    depth: int
    aliases: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits of callers with a key."""
        return cls(
            length=settings.max_query_length,
            tokens=settings.max_query_tokens,
            definitions=settings.max_query_definitions,
            selections=settings.max_query_selections,
            repeats=settings.max_query_repeats,
            depth=settings.max_query_depth,
            aliases=settings.max_query_aliases,
        )

    def divided(self, divisor: int) -> "DocumentLimits":
        """The limits of callers without a key. Depth is the same: it costs nothing by itself."""
        return DocumentLimits(
            length=self.length // divisor,
            tokens=self.tokens // divisor,
            definitions=max(1, self.definitions // divisor),
            selections=self.selections // divisor,
            repeats=max(1, self.repeats // divisor),
            depth=self.depth,
            aliases=self.aliases // divisor,
        )

    def check_text(self, text: str) -> None:
        """Raise QUERY_TOO_EXPENSIVE for a document that is too long to be parsed."""
        if len(text) > self.length:
            raise _exceeded(
                "The document has {actual:,} characters; the limit is {limit:,}.",
                self.length,
                len(text),
                "characters",
            )

    def check_shape(self, shape: Shape) -> None:
        """Raise QUERY_TOO_EXPENSIVE for a document that is too large to be validated."""
        if shape.tokens > self.tokens:
            raise too_many_tokens(self.tokens)
        if shape.longest_word > MAX_WORD_LENGTH:
            raise _exceeded(
                "The document has a name or number of {actual:,} characters; the limit is {limit:,}.",
                MAX_WORD_LENGTH,
                shape.longest_word,
                "characters",
                hint="Pass long values as strings, in variables.",
            )
        if shape.definitions > self.definitions:
            raise _exceeded(
                "The document has {actual:,} operations and fragments; the limit is {limit:,}.",
                self.definitions,
                shape.definitions,
                "definitions",
            )
        if shape.selections > self.selections:
            raise _exceeded(
                "The document selects more than {limit:,} fields and fragments, those in fragments included.",
                self.selections,
                None,
                "selections",
            )
        if shape.repeats > self.repeats:
            raise _exceeded(
                "The document selects a field {actual:,} times at one place; the limit is {limit:,}.",
                self.repeats,
                shape.repeats,
                "fields",
                hint="Select each field once, or use aliases for different arguments.",
            )
        if shape.depth > self.depth:
            raise _exceeded(
                "The document is nested {actual} levels deep; the limit is {limit}.",
                self.depth,
                shape.depth,
                "levels",
                hint="Split the request: query nested objects by their ids in a second one.",
            )
        if shape.aliases > self.aliases:
            raise _exceeded(
                "The document has {actual:,} aliases; the limit is {limit:,}.",
                self.aliases,
                shape.aliases,
                "aliases",
                hint="Send several requests.",
            )
        _check_introspection(shape)


def too_many_tokens(limit: int) -> LimitExceeded:
    """The error for a document whose tokens are counted only up to the limit."""
    return _exceeded("The document has more than {limit:,} tokens.", limit, None, "tokens")


def _check_introspection(shape: Shape) -> None:
    if shape.schemas > MAX_SCHEMA_FIELDS:
        raise _exceeded(
            "The document selects the whole schema {actual:,} times; the limit is {limit}.",
            MAX_SCHEMA_FIELDS,
            shape.schemas,
            "fields",
            hint="Select everything below one __schema, or the SDL below one _service.",
        )
    if shape.introspection_aliases:
        raise _exceeded(
            "The document has {actual:,} aliases inside of __schema, __type or _service, where none are allowed.",
            0,
            shape.introspection_aliases,
            "aliases",
            hint="Select the fields under their own names.",
        )


def _exceeded(template: str, limit: int, actual: int | None, unit: str, hint: str = _SPLIT) -> LimitExceeded:
    return LimitExceeded(ErrorCode.QUERY_TOO_EXPENSIVE, template, limit=limit, actual=actual, unit=unit, hint=hint)
