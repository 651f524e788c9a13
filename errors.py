"""The one family of errors that a client may see; every other exception is masked.

A message is a template: the names and enum values in it are marked, so that each front end can spell them as its
clients do, and the values of a client are inserted last and never spelled.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, Self

MAX_VALUE_LENGTH: Final = 300
"""Characters of a client's value that a message repeats."""
MAX_MESSAGE_LENGTH: Final = 2_000

_FIELD = re.compile(r"\{(?P<name>[a-z_]\w*)(?P<format>(?:![rs])?(?::[^{}]*)?)\}")


def cut(text: str, length: int) -> str:
    """Return the text, or its beginning with an ellipsis if it has more characters than that."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


class ErrorCode(StrEnum):
    """The value of `extensions.code`."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    QUERY_TOO_EXPENSIVE = "QUERY_TOO_EXPENSIVE"
    TIMEOUT = "TIMEOUT"
    CANCELLED = "CANCELLED"
    RATE_LIMITED = "RATE_LIMITED"
    UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE"
    NOT_AVAILABLE = "NOT_AVAILABLE"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    PERSISTED_QUERY_ID_REQUIRED = "PERSISTED_QUERY_ID_REQUIRED"
    PERSISTED_QUERY_NOT_IN_LIST = "PERSISTED_QUERY_NOT_IN_LIST"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the domain, in snake_case, that each front end spells in its own way: `date_from`, `dateFrom`."""

    snake_case: str


class Place(StrEnum):
    """Where a hint sends the reader. The value is a full sentence for readers of no particular front end."""

    PROJECTS = "List the projects to see those you can use."
    ACTIONS = "List the project's actions to see those you can use."
    COHORTS = "List the project's cohorts to see those you can use."
    INSIGHTS = "List the project's insights to see those you can use."
    GROUP_TYPES = "List the project's group types to see their indexes."
    MEMBERS = "List the project's members to see their ids."
    ROLES = "List the project's roles to see their ids."
    SESSION_FIELDS = "List the property definitions of sessions to see the fields."
    ACCESS_EXPLANATION = "Ask why the access was denied to see what decides it."
    CALCULATE_COHORT = "Calculate the cohort first."
    EXPORT = "Request the export itself instead of a link to it."
    MIGRATE = "Run the migrations first."


class Speller(Protocol):
    """How a front end words what the domain names."""

    def name(self, snake_case: str) -> str:
        """Spell the name of a parameter or field."""

    def choice(self, member: StrEnum) -> str:
        """Spell a value of an enum."""

    def place(self, place: Place) -> str:
        """Write the sentence that sends the reader to a place."""


class DomainSpeller:
    """The domain's own spelling, for logs and tests."""

    def name(self, snake_case: str) -> str:
        return snake_case

    def choice(self, member: StrEnum) -> str:
        return member.value

    def place(self, place: Place) -> str:
        return place.value


DOMAIN = DomainSpeller()


@dataclass(frozen=True, slots=True)
class Message:
    """A template and its values: `{name}` stands for a value, with the conversions and formats of `str.format`.

    The front end's speller writes a Name, a member of an enum, a Place and another Message; a tuple of values is
    joined by commas. Everything else is a number or a value of the client and stays as it is, but is cut if it is
    long. Braces around anything but the name of a value stay, too.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def render(self, speller: Speller = DOMAIN) -> str:
        """Write the message as a front end's clients read it."""

        def write(found: re.Match[str]) -> str:
            if found["name"] not in self.values:
                return found[0]
            return f"{{{found['format']}}}".format(_spell(self.values[found["name"]], speller))

        # One pass: a value that looks like a field of the template stays as the client wrote it.
        return cut(_FIELD.sub(write, self.template), MAX_MESSAGE_LENGTH)


def _spell(value: object, speller: Speller) -> object:
    match value:
        case Name():
            return speller.name(value.snake_case)
        case Place():
            return speller.place(value)
        case StrEnum():
            return speller.choice(value)
        case Message():
            return value.render(speller)
        case tuple():
            return ", ".join(str(_spell(each, speller)) for each in value)
        case str():
            return cut(value, MAX_VALUE_LENGTH)
        case _:
            return value


class GatewayError(Exception):
    """An expected error, whose message and hint are written for the client's developer.

    `template` is a literal, never a formatted string: what varies is a keyword, which the hint may use too.
    `details` are further members of `extensions` (for instance `missingScope`). `path` is the input with the
    error, from the field's argument on, in the domain's names. Neither message nor details may hold SQL, a key, or
    data of another project.
    """

    def __init__(
        self,
        code: ErrorCode,
        template: str | Message,
        /,
        *,
        hint: str | Place | Message | None = None,
        details: dict[str, object] | None = None,
        path: Sequence[str | int] = (),
        **values: object,
    ) -> None:
        self._message = Message(template, values) if isinstance(template, str) else template
        super().__init__(self._message.template)
        self.code = code
        self.details = details or {}
        self.path = tuple(path)
        self._hint = _as_message(hint, values)

    def __str__(self) -> str:
        return self.message

    @property
    def message(self) -> str:
        """The message in the domain's spelling."""
        return self.render()

    @property
    def hint(self) -> str | None:
        """What to do about it, in the domain's spelling."""
        return self.render_hint()

    def render(self, speller: Speller = DOMAIN) -> str:
        """Write the message as a front end's clients read it."""
        return self._message.render(speller)

    def render_hint(self, speller: Speller = DOMAIN) -> str | None:
        """Write what to do about it as a front end's clients read it."""
        return None if self._hint is None else self._hint.render(speller)

    def under(self, *prefix: str | int) -> Self:
        """The same error, seen from an enclosing input."""
        return self.at((*prefix, *self.path))

    def at(self, path: Sequence[str | int]) -> Self:
        """The same error, about another input."""
        return self._changed(path=tuple(path))

    def reworded(self, template: str, /, **values: object) -> Self:
        """The same error with another message, where `{message}` stands for its own."""
        return self._changed(_message=Message(template, {"message": self._message, **values}))

    def _changed(self, **attributes: object) -> Self:
        # The classes take different arguments, so that a copy is made of what they all store.
        copy = self.__class__.__new__(self.__class__, *self.args)
        copy.__dict__.update(self.__dict__, **attributes)
        return copy


def _as_message(hint: str | Place | Message | None, values: Mapping[str, object]) -> Message | None:
    match hint:
        case None | Message():
            return hint
        case Place():
            return Message("{place}", {"place": hint})
        case str():
            return Message(hint, values)


class LimitExceeded(GatewayError):
    """More than a limit allows. `extensions` have both as numbers of one `unit`; None: not known.

    Where something is counted only up to the limit, `actual` is the count so far. The template may name all three.
    """

    def __init__(
        self,
        code: ErrorCode,
        template: str,
        /,
        *,
        limit: float | None,
        actual: float | None,
        unit: str,
        hint: str | Place | Message,
        details: dict[str, object] | None = None,
        **values: object,
    ) -> None:
        known = {name: value for name, value in (("limit", limit), ("actual", actual)) if value is not None}
        values = {**known, "unit": unit, **values}
        super().__init__(
            code,
            Message(template, values),
            hint=_as_message(hint, values),
            details={**known, "unit": unit, **(details or {})},
        )


class BadUserInput(GatewayError):
    """The input at `path` cannot be used; the path starts at the field's argument."""

    def __init__(
        self,
        template: str,
        /,
        *,
        path: Sequence[str | int] = (),
        hint: str | Place | Message | None = None,
        **values: object,
    ) -> None:
        super().__init__(
            ErrorCode.BAD_USER_INPUT, Message(template, values), hint=_as_message(hint, values), path=path
        )


class InputTooLarge(BadUserInput):
    """The input at `path` is larger than allowed. `extensions` have both sizes as numbers of one `unit`.

    The template may name all three.
    """

    def __init__(
        self,
        template: str,
        /,
        *,
        limit: int,
        actual: int,
        unit: str,
        path: Sequence[str | int] = (),
        hint: str | Place | Message | None = None,
        **values: object,
    ) -> None:
        super().__init__(template, path=path, hint=hint, limit=limit, actual=actual, unit=unit, **values)
        self.details = {"limit": limit, "actual": actual, "unit": unit}


class NotFound(GatewayError):
    """Nothing of that name exists, or the caller has no access to it."""

    def __init__(self, template: str, /, *, hint: str | Place | Message | None = None, **values: object) -> None:
        super().__init__(ErrorCode.NOT_FOUND, Message(template, values), hint=_as_message(hint, values))


class NotAvailable(GatewayError):
    """This installation cannot do it, for any caller at any time."""

    def __init__(self, template: str, /, *, hint: str | Place | Message | None = None, **values: object) -> None:
        super().__init__(ErrorCode.NOT_AVAILABLE, Message(template, values), hint=_as_message(hint, values))
