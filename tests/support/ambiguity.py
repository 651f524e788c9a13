"""Finds regular expressions that backtrack more than linearly, in the way of Weber and Seidl's test for ambiguity.

A pattern becomes an automaton with a state per character of the pattern. Backtracking is worse than linear where a
text can lead through the states in a number of ways that grows with its length: from a state back to itself in two
ways (exponential), or from a state with a loop to another one with a loop over the same text (polynomial).
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from re import _constants, _parser  # type: ignore[attr-defined]  # the standard library has no public parser
from typing import Any, Final

_UNROLLED: Final = 20
"""Repetitions up to this number are unrolled; larger bounds count as none."""
_SAMPLES: Final = frozenset(map(chr, range(256))) | frozenset("٣Ⅷéµ中\u2028\u3000\udc80\U0010ffff")
_REPEATS: Final = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")

State = int
Edge = tuple[State, State]


@dataclass(slots=True)
class Part:
    """A part of a pattern: whether it matches the empty text, and the states it starts and ends with."""

    is_empty: bool = True
    first: list[State] = field(default_factory=list)
    last: list[State] = field(default_factory=list)


@dataclass(slots=True)
class Automaton:
    """What each state reads, and the ways from state to state."""

    alphabet: frozenset[str]
    flags: int
    reads: list[frozenset[str]] = field(default_factory=list)
    edges: Counter[Edge] = field(default_factory=Counter)
    has_assertion: bool = False
    has_twins: bool = False

    def add(self, characters: frozenset[str]) -> Part:
        self.reads.append(characters)
        state = len(self.reads) - 1
        return Part(is_empty=False, first=[state], last=[state])

    def join(self, parts: list[Part]) -> Part:
        """One part after the other."""
        joined = Part()
        for part in parts:
            self.edges.update(product(joined.last, part.first))
            joined = Part(
                joined.is_empty and part.is_empty,
                joined.first + (part.first if joined.is_empty else []),
                part.last + (joined.last if part.is_empty else []),
            )
        return joined

    def loop(self, part: Part) -> Part:
        """The part any number of times, at least once."""
        self.edges.update(product(part.last, part.first))
        return part

    def build(self, items: Any) -> Part:
        return self.join([self._build_item(str(kind), value) for kind, value in items])

    def _build_item(self, kind: str, value: Any) -> Part:
        match kind:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                return self.add(frozenset(self._read_by(kind, value)))
            case "SUBPATTERN":
                _, added, removed, inner = value
                assert added == removed == 0, "flags inside of a pattern are not supported"
                return self.build(inner)
            case "ATOMIC_GROUP":
                return self.build(value)
            case "BRANCH":
                branches = [self.build(branch) for branch in value[1]]
                # Python moves what alternatives begin with in front of them: `(a|a)` is `a(|)`.
                self.has_twins = self.has_twins or sum(each.is_empty for each in branches) > 1
                return Part(
                    any(each.is_empty for each in branches),
                    [state for each in branches for state in each.first],
                    [state for each in branches for state in each.last],
                )
            case "AT" | "ASSERT" | "ASSERT_NOT":
                self.has_assertion = self.has_assertion or bool(self.reads)
                return Part()
        assert kind in _REPEATS, f"{kind} is not supported"
        least, most, inner = value
        return self._repeat(least, most if most <= _UNROLLED else None, inner)

    def _repeat(self, least: int, most: int | None, inner: Any) -> Part:
        required = [self.build(inner) for _ in range(min(least, _UNROLLED))]
        if most is not None or least > _UNROLLED:
            return self.join([*required, self._nest_optional((most or least) - least, inner)])
        if not required:
            repeated = self.loop(self.build(inner))
            repeated.is_empty = True
            return repeated
        self.loop(required[-1])
        return self.join(required)

    def _nest_optional(self, times: int, inner: Any) -> Part:
        # `a{0,2}` is `(a(a)?)?`: with `a?a?`, one `a` could be either.
        nested = Part()
        for _ in range(times):
            nested = self.join([self.build(inner), nested])
            nested.is_empty = True
        return nested

    def _read_by(self, kind: str, value: Any) -> Iterator[str]:
        for character in self.alphabet:
            if kind == "ANY":
                is_read = character != "\n" or bool(self.flags & re.DOTALL)
            elif kind == "IN":
                negated = str(value[0][0]) == "NEGATE"
                is_read = any(self._is_in(character, *each) for each in value[negated:]) is not negated
            else:
                is_read = self._is_in(character, "LITERAL", value) is (kind == "LITERAL")
            if is_read:
                yield character

    def _is_in(self, character: str, kind: object, value: Any) -> bool:
        cases = {character}
        if self.flags & re.IGNORECASE:
            cases |= {character.lower(), character.upper()}
        match str(kind):
            case "LITERAL":
                return chr(value) in cases
            case "RANGE":
                return any(len(case) == 1 and value[0] <= ord(case) <= value[1] for case in cases)
            case "CATEGORY":
                letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[str(value).rpartition("_")[2]]
                escape = f"\\{letter.upper() if '_NOT_' in str(value) else letter}"
                return re.fullmatch(escape, character, self.flags & re.ASCII) is not None
        raise AssertionError(f"{kind} is not supported")


def find_ambiguity(pattern: str | bytes, flags: int = 0, *, is_searched: bool = False) -> str | None:
    """Say what backtracks in a pattern; None if it takes linear time.

    `is_searched` if matching starts at every character of a text, which is quadratic where a long part may fail.
    """
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    parsed = _parser.parse(text, flags)
    automaton = Automaton(_SAMPLES | frozenset(_literals(parsed)), parsed.state.flags | flags)
    start = automaton.loop(automaton.add(automaton.alphabet)) if is_searched else Part()
    whole = automaton.join([start, automaton.build(parsed)])
    # A search that has reached the end of the pattern succeeds, and goes on behind it.
    ends = set() if automaton.has_assertion else set(whole.last)
    return _find_twice(automaton) or _find_polynomial(automaton, ends if is_searched else None)


def _literals(items: Any) -> Iterator[str]:
    for item in items:
        if isinstance(item, tuple) and len(item) == 2 and item[0] in (_constants.LITERAL, _constants.NOT_LITERAL):
            yield chr(item[1])
        elif isinstance(item, tuple) and len(item) == 2 and item[0] is _constants.RANGE:
            yield from map(chr, item[1])
        elif isinstance(item, tuple | list | _parser.SubPattern):
            yield from _literals(item)


def _find_twice(automaton: Automaton) -> str | None:
    """Find a state that the same text leads back to in two ways."""
    if automaton.has_twins:
        return "two alternatives match the same text"
    for (source, target), ways in automaton.edges.items():
        if ways > 1 and source in _reach(automaton, (target,)).keys() | {target}:
            return "a repetition is repeated"
    for state in range(len(automaton.reads)):
        forward = _reach(automaton, (state, state))
        for one, two in forward:
            if one != two and (state, state) in _reach(automaton, (one, two)):
                return "a repetition can read the same text in two ways"
    return None


def _find_polynomial(automaton: Automaton, ends: set[State] | None) -> str | None:
    """Find two states with loops, one after the other, which read the same text."""
    looping = [state for state in range(len(automaton.reads)) if (state,) in _reach(automaton, (state,))]
    for one, two in product(looping, looping):
        if one == two or (ends is not None and one == 0 and two in ends):
            continue
        if (one, two, two) in _reach(automaton, (one, one, two)):
            return "a text can be split between two repetitions in many ways"
    return None


def _reach(automaton: Automaton, start: tuple[State, ...]) -> dict[tuple[State, ...], None]:
    """All combinations of states that one text leads to from these, one or more characters later."""
    following: dict[State, list[State]] = {}
    for source, target in automaton.edges:
        following.setdefault(source, []).append(target)
    reached: dict[tuple[State, ...], None] = {}
    pending = [start]
    while pending:
        current = pending.pop()
        for targets in product(*(following.get(state, ()) for state in current)):
            if targets not in reached and frozenset.intersection(*(automaton.reads[each] for each in targets)):
                reached[targets] = None
                pending.append(targets)
    return reached
