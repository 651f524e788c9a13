"""API key cases: a key and a request, a key to create, or the hash of a key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.conformance.access.cases import Action, read_scopes, read_texts
from tests.conformance.access.expectations import Expectation, read_expectation
from tests.conformance.fields import CaseError, Fields, read_object

PERSONAL_KEY = "personal_api_key"
USER = "user"
QUERY = "query"
QUERY_SCOPES = ["query:read"]
"""Every action on queries is a read."""
VIAS = ("header", "body", "query", "none")
_TWO = ("own", "other")
PROJECTS = ("own", "other", "none", "@current")
OWN_HASHES = "sha256"
_CHECKS = ("attr", "detail_contains", "detail_lacks", "body_contains")
_TEXTS_OF_REQUEST = ("mode", "header", "key_override", "user_active")
"""Keys that cases have in the request or next to it."""


@dataclass(frozen=True, slots=True)
class KeySettings:
    """A stored key. Its projects and organizations are named "own" or "other"."""

    scopes: tuple[str, ...]
    projects: tuple[str, ...]
    organizations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A request with the key. `id` is of the key or the project that it is about, if it says so.

    `scopes` are what the action declares for itself, None where its name decides; `is_unmapped`: neither does.
    """

    key: KeySettings | None
    action: str
    resource: str
    project: str
    via: str
    id: str | None
    scopes: tuple[str, ...] | None
    is_unmapped: bool
    current: str
    """The project that "@current" means: "own", "other" or "none"."""
    expected: Expectation
    is_of_organization: bool = False
    """Whether the request is about an organization itself."""
    mode: str | None = None
    """How the key is hashed in the store."""
    header: str | None = None
    """The whole header Authorization, where <key> stands for the key."""
    key_override: str | None = None
    """What is sent in place of the key."""
    is_user_active: bool = True

    @property
    def plain_action(self) -> Action | None:
        """The action, if every resource has it."""
        return Action(self.action) if self.action in set(Action) else None


@dataclass(frozen=True, slots=True)
class KeyWrite:
    """A key to create. Missing fields were not sent, unlike null."""

    label: object
    description: object
    scopes: object
    projects: tuple[object, ...]
    organizations: tuple[object, ...]
    existing_keys: int
    expected: Expectation


@dataclass(frozen=True, slots=True)
class KeyHash:
    """The stored hash of a key."""

    value: str
    expected: str
    mode: str | None = None


KeyCase = KeyRequest | KeyWrite | KeyHash


def read_key_case(content: object, name: str) -> KeyCase:
    """Read the case. Raises CaseError for anything unknown."""
    with read_object(content, name) as fields:
        fields.drop(("name", "source", "tags"))
        kind = fields.required_text("kind")
        if kind not in _KINDS:
            raise CaseError(f"{name}.kind: {kind!r} is unknown")
        return _KINDS[kind](fields)


def _read_settings(value: object) -> KeySettings | None:
    if value is None:
        return None
    with read_object(value, "key") as fields:
        return KeySettings(
            scopes=read_scopes(fields.take("scopes"), "key.scopes"),
            projects=_read_places(fields, "scoped_teams"),
            organizations=_read_places(fields, "scoped_organizations"),
        )


def _read_places(fields: Fields, key: str) -> tuple[str, ...]:
    places = read_texts(fields.take(key, []), f"key.{key}")
    if unknown := set(places) - {"own", "other"}:
        raise CaseError(f"key.{key}: {sorted(unknown)} are unknown")
    return places


def _read_request(fields: Fields) -> KeyRequest:
    key = _read_settings(fields.take("key"))
    beside = {name: fields.take(name) for name in _TEXTS_OF_REQUEST if name in fields}
    sent = fields.take("request")
    with read_object({**beside, **sent} if isinstance(sent, dict) else sent, "request") as request:
        action, resource = request.required_text("action"), request.required_text("resource")
        scopes = request.take("required_scopes", QUERY_SCOPES if resource == QUERY else None)
        declared = None if scopes is None else read_texts(scopes, "request.required_scopes")
        current = _one_of(request, "user_current_organization", ("own", "other"), "own")
        return KeyRequest(
            key=key,
            action=action,
            resource=resource,
            project=_one_of(request, "project", PROJECTS, "none"),
            via=_one_of(request, "via", VIAS, "header"),
            id=request.text("id"),
            scopes=declared,
            is_unmapped=request.flag("unmapped_action") or declared == (),
            current=_read_current(request, current),
            expected=_read_expected(fields),
            is_of_organization="organization" in request and bool(_one_of(request, "organization", _TWO, "own")),
            mode=request.text("mode"),
            header=request.text("header"),
            key_override=request.text("key_override"),
            is_user_active=request.flag("user_active", default=True),
        )


def _read_current(request: Fields, default: str) -> str:
    """The project of the user that "@current" stands for: null means none."""
    if "user_current_project" not in request:
        return default
    return _one_of(request, "user_current_project", ("own", "other", "none"), "none")


def _read_expected(fields: Fields) -> Expectation:
    """Read what is expected. The code of the peer is informative only."""
    expect = fields.take("expect")
    fields.drop(("code",))
    kept = {key: value for key, value in expect.items() if key != "code"} if isinstance(expect, dict) else expect
    return read_expectation(kept, "expect", _CHECKS)


def _one_of(fields: Fields, key: str, known: tuple[str, ...], default: str) -> str:
    value = fields.text(key) or default
    if value not in known:
        raise CaseError(f"{fields.where}.{key}: {value!r} is unknown")
    return value


def _read_write(fields: Fields) -> KeyWrite:
    existing = fields.take("existing_keys")
    with read_object(fields.take("write"), "write") as write:
        existing = write.take("existing_keys", existing)
        with read_object(write.take("body", {}), "write.body") as body:
            return KeyWrite(
                label=body.take("label"),
                description=body.take("description"),
                scopes=body.take("scopes"),
                projects=tuple(item for _, item in body.items("scoped_teams")),
                organizations=tuple(item for _, item in body.items("scoped_organizations")),
                existing_keys=_count(existing),
                expected=_read_expected(fields),
            )


def _count(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, list):
        return len(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise CaseError(f"existing_keys: {value!r} is not a number of keys")
    return value


def _read_hash(fields: Fields) -> KeyHash:
    mode = fields.text("mode")
    given = {key: fields.take(key) for key in ("hash", "value", "key") if key in fields}
    return KeyHash(_only_text(given, "the value"), _only_text(fields.take("expect"), "expect"), mode)


def _only_text(value: object, where: str) -> str:
    """Return the string, or the only one inside nested objects."""
    while isinstance(value, dict) and len(value) == 1:
        [value] = value.values()
    if not isinstance(value, str):
        raise CaseError(f"{where}: must be one string, not {value!r}")
    return value


_KINDS: Mapping[str, Callable[[Fields], KeyCase]] = {
    "request": _read_request,
    "key_write": _read_write,
    "hash": _read_hash,
}
