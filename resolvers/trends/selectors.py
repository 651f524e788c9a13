"""CSS-like selectors become RE2 patterns over elements chains (elements_chain.py defines their format).

A selector consists of parts joined by blanks (descendant) or `>` (child). A part is a tag, followed by `.class`,
`#id`, `[name="value"]`, `:nth-child(n)` and `:nth-of-type(n)` in any order. A part `*` matches every element, so
it is dropped together with the adjacent `>`. A backslash escapes the next character. Brackets inside a class are
part of its name: `.w-[1.5px]` needs no backslashes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from datasource.layouts.elements_chain import BODY, quoted
from errors import BadUserInput
from resolvers.trends.query import InputPath

MOST_ATTRIBUTES = 4
"""Attributes of one part: the pattern grows with the number of their possible orders."""

_LONGEST = 2000
_LONGEST_PATTERN = 40_000
_LONGEST_QUOTED = 200
_FORM = 'Write it like div.card > a#buy[data-id="7"]:nth-child(2).'
_QUOTE_IT = 'Write an attribute as [name="value"].'

_SPACE = " \t\r\n\f"
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\r\n\f]?|(.))", re.DOTALL)
_PLAIN = re.compile(r"[^\s.#:\[\]>+~,*\"'\\()]")
_BRACKET = re.compile(r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]")
_ATTRIBUTE = re.compile(
    r"\[\s*([^\s=\"'\[\]~|^$*]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)')\s*\]", re.DOTALL
)
_LOOKS_LIKE_ATTRIBUTE = re.compile(r"\[\s*[A-Za-z_][\w-]*\s*(?:[~|^$*]?=.*)?\]", re.DOTALL)
_POSITION = re.compile(r":(nth-child|nth-of-type)\(\s*([0-9]+)\s*\)")


@dataclass(frozen=True, slots=True)
class SelectorPart:
    """The conditions on one element; `is_child`: it is a child of the element of the part before."""

    tag: str | None = None
    classes: tuple[str, ...] = ()
    """In alphabetical order, as in a chain."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Names as in a chain, without the prefix `attr__`."""
    is_child: bool = False


def selector_pattern(selector: str, path: InputPath = ()) -> str:
    """The RE2 pattern that finds a selector in a chain. Raises BadUserInput, at `path`, for an invalid one."""
    pattern = chain_pattern(parse_selector(selector, path))
    if len(pattern) > _LONGEST_PATTERN:
        raise BadUserInput("The selector is too complex.", path=path, hint="Name fewer elements or attributes.")
    return pattern


def parse_selector(selector: str, path: InputPath = ()) -> tuple[SelectorPart, ...]:
    """The parts of a selector from the outermost to the innermost; none for `*` alone."""
    reader = _Reader(selector)
    try:
        return reader.parts()
    except BadUserInput as error:
        raise reader.locate(error).at(path) from error


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text.strip(_SPACE)
        self._at = 0

    def locate(self, error: BadUserInput) -> BadUserInput:
        """Add where in the selector the error is; a long selector is not repeated."""
        if len(self._text) > _LONGEST_QUOTED:
            return error
        return error.reworded(
            "{message} At character {position} of {selector!r}.", position=self._at + 1, selector=self._text
        )

    def parts(self) -> tuple[SelectorPart, ...]:
        if not self._text:
            raise BadUserInput("A selector is required.", hint=_FORM)
        if len(self._text) > _LONGEST:
            raise BadUserInput(
                "A selector has at most {longest} characters.",
                hint="Name only what distinguishes the element.",
                longest=_LONGEST,
            )
        parts: list[SelectorPart] = []
        after_any = True
        is_child = False
        while True:
            part = self._part(is_child and not after_any)
            after_any = part is None
            if part is not None:
                parts.append(part)
            if self._at == len(self._text):
                return tuple(parts)
            is_child = self._combinator()

    def _combinator(self) -> bool:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] in f"{_SPACE}>":
            self._at += 1
        combinator = self._text[start : self._at].strip(_SPACE)
        if combinator not in ("", ">"):
            raise BadUserInput("Two '>' follow each other.", hint=_FORM)
        return combinator == ">"

    def _part(self, is_child: bool) -> SelectorPart | None:
        start = self._at
        is_any = self._peek() == "*"
        self._at += is_any
        tag = None if is_any else self._name() or None
        classes: set[str] = set()
        attributes: list[tuple[str, str]] = []
        while self._peek() and self._peek() not in f"{_SPACE}>":
            if self._peek() == ".":
                classes.add(self._class())
            else:
                attributes.append(self._attribute())
        if self._at == start:
            raise BadUserInput("An element is missing next to '>'.", hint=_FORM)
        if len(set(attributes)) > MOST_ATTRIBUTES:
            raise BadUserInput(
                "An element has at most {most} attributes.",
                hint="Use those that distinguish it from others.",
                most=MOST_ATTRIBUTES,
            )
        if tag is None and not classes and not attributes:
            return None
        return SelectorPart(tag, tuple(sorted(classes)), tuple(dict.fromkeys(attributes)), is_child)

    def _class(self) -> str:
        self._at += 1
        # Chains omit quotes in class names.
        name = self._name(in_class=True).replace('"', "")
        if not name:
            raise BadUserInput("A class name is missing after '.'.", hint=_FORM)
        return name

    def _attribute(self) -> tuple[str, str]:
        if self._peek() == "#":
            self._at += 1
            name = self._name()
            if not name:
                raise BadUserInput("An id is missing after '#'.", hint=_FORM)
            return "attr_id", name
        if position := _POSITION.match(self._text, self._at):
            self._at = position.end()
            return position[1], str(int(position[2]))
        if self._peek() == ":":
            raise BadUserInput(
                "Only :nth-child(n) and :nth-of-type(n) with a number are supported.",
                hint="Write a ':' inside a class as '\\:'.",
            )
        if found := _ATTRIBUTE.match(self._text, self._at):
            self._at = found.end()
            value = re.sub(r"\\([\\\"'])", r"\1", found[2] if found[3] is None else found[3])
            return ("attr_id" if found[1] == "id" else found[1]), value
        if self._peek() == "[":
            raise BadUserInput("Invalid attribute.", hint=_QUOTE_IT)
        raise BadUserInput("Unexpected {character!r}.", hint=_FORM, character=self._peek())

    def _name(self, *, in_class: bool = False) -> str:
        name = ""
        while self._at < len(self._text):
            if escape := _ESCAPE.match(self._text, self._at):
                name += _unescaped(escape)
                self._at = escape.end()
            elif in_class and self._peek() == "[" and not _ATTRIBUTE.match(self._text, self._at):
                name += self._bracket(name)
            elif _PLAIN.match(self._text, self._at):
                name += self._peek()
                self._at += 1
            else:
                break
        return name

    def _bracket(self, before: str) -> str:
        bracket = _BRACKET.match(self._text, self._at)
        if bracket is None:
            raise BadUserInput("A bracket is not closed.", hint=_FORM)
        # Brackets of a class begin its name or follow one of these; otherwise they are CSS attributes.
        if before and before[-1] not in "-:/!" and _LOOKS_LIKE_ATTRIBUTE.fullmatch(bracket[0]):
            raise BadUserInput("Invalid attribute.", hint=_QUOTE_IT)
        self._at = bracket.end()
        return bracket[0]

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1] is None:
        return escape[2]
    code = int(escape[1], 16)
    is_character = 0 < code < 0x110000 and not 0xD800 <= code < 0xE000
    return chr(code) if is_character else "\N{REPLACEMENT CHARACTER}"


_REST = f'(?:[^";]|"{BODY}")*'
_ANY_ELEMENTS = f"(?:{_REST};)*"
_ANY_ATTRIBUTE = f'[^"=;]*="{BODY}"'
# A class may contain ':', so that only such a name marks the end of the classes.
_FIRST_ATTRIBUTE = f'(?:attr__[^"=;]*|[^"=:;.]*)="{BODY}"'
_ANY_CLASSES = r'(?:\.[^";]*)?'


def chain_pattern(parts: Sequence[SelectorPart]) -> str:
    """The pattern of parts from the outermost to the innermost; without parts that of any element."""
    if not parts:
        return "^[^;]"
    pattern = f"^{_ANY_ELEMENTS}"
    for position, part in enumerate(reversed(parts)):
        pattern += _element_pattern(part)
        if position < len(parts) - 1:
            pattern += ";" if part.is_child else f";{_ANY_ELEMENTS}"
    return f"{pattern}(?:;|$)"


def _element_pattern(part: SelectorPart) -> str:
    tag = _literal(part.tag) if part.tag is not None else '[^.:;"]*'
    if not part.classes and not part.attributes:
        return f"{tag}(?:[.:]{_REST})?"
    classes = "".join(rf"{_ANY_CLASSES}\.{_literal(name)}" for name in part.classes)
    if not part.attributes:
        return f"{tag}{classes}{_ANY_CLASSES}(?::(?:{_FIRST_ATTRIBUTE}{_REST})?)?"
    return f"{tag}{classes}{_ANY_CLASSES}:{_attributes_pattern(part.attributes)}{_REST}"


def _attributes_pattern(attributes: Sequence[tuple[str, str]]) -> str:
    wanted = [f"(?:attr__)?{_literal(name)}={_literal(quoted(value))}" for name, value in attributes]
    skip = f"(?:{_ANY_ATTRIBUTE})*"
    orders = "|".join(skip.join(order) for order in permutations(wanted))
    return f"(?:{_FIRST_ATTRIBUTE}{skip})?(?:{orders})"


def _literal(text: str) -> str:
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", text)
