"""CSS-like selectors become RE2 patterns over elements chains (how a chain is written: elements_chain.py).

A selector is parts joined by blanks (anywhere inside) or `>` (directly inside). A part holds a tag, `.class`,
`#id`, `[name="value"]`, `:nth-child(n)` and `:nth-of-type(n)`, in any order after the tag. A part `*` is dropped
together with the `>` beside it, since it says nothing of an element. A backslash takes the meaning from the
character after it, and brackets inside a class belong to it, so that `.w-[1.5px]` needs no backslashes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import NoReturn

from datasource.layouts.elements_chain import BODY, quoted
from errors import BadUserInput
from resolvers.trends.query import InputPath

MOST_ATTRIBUTES = 4
"""Attributes of one part: the pattern grows with the number of orders they may come in."""

_LONGEST = 2000
_LONGEST_PATTERN = 40_000
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
    """What one element must have; `is_child` says that it stands directly inside the part before."""

    tag: str | None = None
    classes: tuple[str, ...] = ()
    """In alphabetical order, as a chain has them."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Names as a chain has them, `attr__` left out for those of the page."""
    is_child: bool = False


def selector_pattern(selector: str, path: InputPath = ()) -> str:
    """The RE2 pattern that finds a selector in a chain. Raises BadUserInput, at `path`, if it cannot be read."""
    pattern = chain_pattern(parse_selector(selector, path))
    if len(pattern) > _LONGEST_PATTERN:
        raise BadUserInput("A selector asks for too much.", path=path, hint="Name fewer elements or attributes.")
    return pattern


def parse_selector(selector: str, path: InputPath = ()) -> tuple[SelectorPart, ...]:
    """The parts of a selector from the outermost to the innermost; none for `*` alone."""
    return _Reader(selector, path).parts()


class _Reader:
    def __init__(self, text: str, path: InputPath) -> None:
        self._text = text.strip(_SPACE)
        self._path = path
        self._at = 0

    def parts(self) -> tuple[SelectorPart, ...]:
        if not self._text:
            self._refuse("A selector is required.")
        if len(self._text) > _LONGEST:
            self._refuse(f"A selector has at most {_LONGEST} characters.", "Name only what tells the element.")
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
            self._refuse("Two '>' follow each other.")
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
            self._refuse("An element is missing beside '>'.")
        if len(set(attributes)) > MOST_ATTRIBUTES:
            self._refuse(
                f"An element has at most {MOST_ATTRIBUTES} attributes.", "Use those that tell it from others."
            )
        if tag is None and not classes and not attributes:
            return None
        return SelectorPart(tag, tuple(sorted(classes)), tuple(dict.fromkeys(attributes)), is_child)

    def _class(self) -> str:
        self._at += 1
        # Chains leave quotes out of class names.
        name = self._name(in_class=True).replace('"', "")
        return name or self._refuse("A class name is missing after '.'.")

    def _attribute(self) -> tuple[str, str]:
        if self._peek() == "#":
            self._at += 1
            return "attr_id", self._name() or self._refuse("An id is missing after '#'.")
        if position := _POSITION.match(self._text, self._at):
            self._at = position.end()
            return position[1], str(int(position[2]))
        if self._peek() == ":":
            self._refuse(
                "Only :nth-child(n) and :nth-of-type(n) with a number are known.",
                "A ':' inside a class is written '\\:'.",
            )
        if found := _ATTRIBUTE.match(self._text, self._at):
            self._at = found.end()
            value = re.sub(r"\\([\\\"'])", r"\1", found[2] if found[3] is None else found[3])
            return ("attr_id" if found[1] == "id" else found[1]), value
        if self._peek() == "[":
            self._refuse("An attribute cannot be read.", _QUOTE_IT)
        self._refuse(f"{self._peek()!r} is not understood here.")

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
            self._refuse("A bracket is not closed.")
        # In class names brackets begin a name or follow one of these; elsewhere they are CSS attributes.
        if before and before[-1] not in "-:/!" and _LOOKS_LIKE_ATTRIBUTE.fullmatch(bracket[0]):
            self._refuse("An attribute cannot be read.", _QUOTE_IT)
        self._at = bracket.end()
        return bracket[0]

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _refuse(self, message: str, hint: str = _FORM) -> NoReturn:
        where = f" At character {self._at + 1} of {self._text!r}." if len(self._text) <= 200 else ""
        raise BadUserInput(f"{message}{where}", path=self._path, hint=hint)


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1] is None:
        return escape[2]
    code = int(escape[1], 16)
    is_character = 0 < code < 0x110000 and not 0xD800 <= code < 0xE000
    return chr(code) if is_character else "\N{REPLACEMENT CHARACTER}"


_REST = f'(?:[^";]|"{BODY}")*'
_ANY_ELEMENTS = f"(?:{_REST};)*"
_ANY_ATTRIBUTE = f'[^"=;]*="{BODY}"'
# A class may hold ':', so only such a name tells where the classes end.
_FIRST_ATTRIBUTE = f'(?:attr__[^"=;]*|[^"=:;.]*)="{BODY}"'
_ANY_CLASSES = r'(?:\.[^";]*)?'


def chain_pattern(parts: Sequence[SelectorPart]) -> str:
    """The pattern of parts from the outermost to the innermost; of none, that of any element."""
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
