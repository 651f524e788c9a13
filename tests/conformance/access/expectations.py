"""The expected answer of a request, and its differences from the real one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasource.metadata.records import OrganizationLevel
from tests.conformance.fields import CaseError, Fields, items_of, read_object

Body = Mapping[str, Any]

NOT_COMPARED = frozenset({"created_at", "updated_at", "created_by"})
"""The times of a rule and its creator, which PostHog never returns."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in PostHog's terms.

    `statuses` is one status, or the two that the peer has for what the gateway makes no difference of. References
    stand for ids. `items` are the objects of a list, `people` those who have access.
    """

    statuses: frozenset[int]
    attr: str | None = None
    detail: str = ""
    body: Body | None = None
    items: tuple[str, ...] | None = None
    people: tuple[Body, ...] | None = None
    total: int | None = None

    @property
    def status(self) -> str:
        """For people."""
        return " or ".join(map(str, sorted(self.statuses)))


@dataclass(frozen=True, slots=True)
class Expectation:
    """A status, and further checks by key."""

    status: int
    checks: Mapping[str, object]

    @property
    def is_success(self) -> bool:
        return self.status < 400


def read_expectation(value: object, where: str, keys: Sequence[str]) -> Expectation:
    """Read an `expect` that may have these keys and a status."""
    with read_object(value, where) as fields:
        status = fields.integer("status")
        if status is None:
            raise CaseError(f"{where}.status is missing")
        return Expectation(status, {key: _read(key, fields) for key in keys if key in fields})


def _read(key: str, fields: Fields) -> object:
    where = f"{fields.where}.{key}"
    value = fields.take(key)
    kinds = _KINDS[key]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise CaseError(f"{where}: {value!r} is not what this check takes")
    if key in _TEXTS and not all(isinstance(item, str) for _, item in items_of(value, where)):
        raise CaseError(f"{where}: must be strings, not {value!r}")
    if key in _OBJECTS:
        for place, item in items_of(value, where):
            Fields(item, place)
    return value


_TEXTS = ("detail_contains", "detail_lacks", "users_lack", "items")
_OBJECTS = ("rows", "users_contain")
_KINDS: Mapping[str, tuple[type, ...]] = {
    "attr": (str, type(None)),
    "body": (dict,),
    "body_contains": (dict,),
    "levels_in_order": (list, bool),
    "total_count": (int,),
    **dict.fromkeys((*_TEXTS, *_OBJECTS), (list,)),
}


def failures(expected: Expectation, reply: Reply) -> list[str]:
    """Return what does not hold, in words."""
    if expected.status not in reply.statuses:
        detail = f": {reply.detail}" if reply.detail else ""
        return [f"status {reply.status} where {expected.status} was expected{detail}"]
    return [failure for key, value in expected.checks.items() for failure in _failures(key, value, reply)]


def _failures(key: str, value: Any, reply: Reply) -> Iterator[str]:
    match key:
        case "attr":
            if reply.attr != value:
                yield f"attr is {reply.attr!r}, not {value!r}"
        case "detail_contains":
            yield from (f"{text!r} is not in {reply.detail!r}" for text in value if not _says(reply, text))
        case "detail_lacks":
            yield from (
                f"{text!r} is in {reply.detail!r}" for text in value if _plain(text) in _plain(reply.detail)
            )
        case "body":
            yield from _body_failures(reply.body, value)
        case "body_contains":
            if not contains(reply.body, value):
                yield f"{value} is not within {reply.body}"
        case "rows":
            rows = [] if reply.body is None else reply.body.get("access_controls", [])
            if not has_same_rules(rows, value):
                yield f"the rules are {rows}, not {value}"
        case "items":
            if reply.items is None or sorted(reply.items) != sorted(map(without_at, value)):
                yield f"the list has {sorted(reply.items or ())}, not {sorted(value)}"
        case _:
            yield from _people_failures(key, value, reply)


def _people_failures(key: str, value: Any, reply: Reply) -> Iterator[str]:
    people = reply.people or ()
    refs = [person["ref"] for person in people]
    match key:
        case "total_count":
            if reply.total != value or len(people) != value:
                yield f"{reply.total} people, of whom {len(people)} are listed, not {value}"
        case "users_contain":
            for person in value:
                if not any(contains(each, person) for each in people):
                    yield f"{person} is not among {list(people)}"
        case "users_lack":
            yield from (f"{ref} is among {refs}" for ref in value if ref in refs)
        case "levels_in_order":
            levels = [person["access_level"] for person in people]
            wanted = sorted(levels, key=_ORDER.index) if value is True else value
            if levels != wanted:
                yield f"the levels are {levels}, not {wanted}"
        case _:
            raise CaseError(f"{key} is not a check")


_ORDER = ("manager", "admin", "editor", "viewer", "member", "none")


def _says(reply: Reply, text: str) -> bool:
    # A word such as "organizations" names the field that is wrong: scoped_organizations.
    return _plain(text) in _plain(reply.detail) or _plain(text) in _plain(reply.attr or "").split()


def _plain(text: str) -> str:
    """Normalize spelling: feature_flag and feature flag, Editor and editor are equal."""
    return text.casefold().replace("_", " ")


def _body_failures(body: Body | None, expected: Body) -> Iterator[str]:
    if body is None:
        yield "the body is missing"
        return
    if body.keys() != expected.keys():
        yield f"the body has {sorted(body)}, not {sorted(expected)}"
    for key in sorted(body.keys() & expected.keys()):
        if key == "access_controls":
            is_same = has_same_rules(body[key], expected[key])
        else:
            is_same = plain_value(body[key]) == plain_value(expected[key])
        if not is_same:
            yield f"{key} is {body[key]!r}, not {expected[key]!r}"


def has_same_rules(rules: object, expected: object) -> bool:
    """Whether these are the rules, in any order; only the described fields count."""
    if not isinstance(rules, list) or not isinstance(expected, list) or len(rules) != len(expected):
        return False
    left = list(rules)
    for rule in expected:
        found = next((each for each in left if contains(each, rule)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def contains(value: object, expected: object) -> bool:
    """Whether all of `expected` is in the value; a list of objects has each of those expected, in any order."""
    if isinstance(expected, dict):
        return isinstance(value, dict) and all(
            key in value and (key in NOT_COMPARED or contains(value[key], _in_terms_of(key, item)))
            for key, item in expected.items()
        )
    if isinstance(expected, list) and expected and all(isinstance(item, dict) for item in expected):
        return isinstance(value, list) and all(any(contains(each, item) for each in value) for item in expected)
    return plain_value(value) == plain_value(expected)


def _in_terms_of(key: str, value: object) -> object:
    if key == "organization_membership_level" and isinstance(value, str):
        return int(OrganizationLevel[value.upper()])
    return value


def plain_value(value: object) -> object:
    """Normalize references: n1 for @n1."""
    if isinstance(value, str):
        return without_at(value)
    if isinstance(value, list):
        return [plain_value(item) for item in value]
    if isinstance(value, dict):
        return {key: plain_value(item) for key, item in value.items() if key not in NOT_COMPARED}
    return value


def without_at(text: str) -> str:
    return text.removeprefix("@")
