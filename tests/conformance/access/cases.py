"""Access cases: an organization, its objects and rules, and steps that check who may do what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from datasource.metadata.records import AccessLevel, OrganizationLevel
from permissions.resources import PROJECT
from tests.conformance.access.expectations import Expectation, read_expectation
from tests.conformance.fields import CaseError, Fields, items_of, read_object

OUTSIDER = "outsider"
SYSTEM = "system"
CURRENT_PROJECT = "project"
ORGANIZATION = "organization"
FEATURES = ("access_control", "role_based_access")


class Ask(StrEnum):
    """Questions to the rules themselves, without a request."""

    USER_ACCESS_LEVEL = "user_access_level"
    RESOURCE_ACCESS_LEVEL = "resource_access_level"
    EFFECTIVE_RESOURCE_ACCESS_LEVEL = "effective_resource_access_level"
    SPECIFIC_ACCESS_LEVEL = "specific_access_level"
    EXPLICIT_ACCESS_LEVEL_IS_NULL = "explicit_access_level_is_null"
    CHECK = "check"
    HAS_ANY_SPECIFIC_ACCESS = "has_any_specific_access"
    CAN_MODIFY_ACCESS_LEVELS = "can_modify_access_levels"
    ACCESS_SOURCE = "access_source"
    FILTER_LIST = "filter_list"
    BLOCKED_IDS = "blocked_ids"


ABOUT_OBJECTS = frozenset(
    {
        Ask.USER_ACCESS_LEVEL,
        Ask.SPECIFIC_ACCESS_LEVEL,
        Ask.EXPLICIT_ACCESS_LEVEL_IS_NULL,
        Ask.CAN_MODIFY_ACCESS_LEVELS,
        Ask.ACCESS_SOURCE,
    }
)
WITH_LEVEL = frozenset({Ask.CHECK, Ask.HAS_ANY_SPECIFIC_ACCESS})
OF_OTHER_RULES = frozenset(
    {"proposed_object_access", "proposed_resource_access", "proposed_source_is_system_default"}
)
"""Questions about a resolution of rules that is not in force yet."""


class Endpoint(StrEnum):
    """Where rules are read and written."""

    OBJECT = "access_controls"
    RESOURCES = "resource_access_controls"
    RESOURCES_BY_OLD_NAME = "global_access_controls"

    @property
    def is_of_object(self) -> bool:
        return self is Endpoint.OBJECT


class Action(StrEnum):
    """The actions of a request on objects."""

    LIST = "list"
    RETRIEVE = "retrieve"
    CREATE = "create"
    UPDATE = "update"
    PARTIAL_UPDATE = "partial_update"
    DESTROY = "destroy"

    @property
    def is_about_one(self) -> bool:
        return self not in (Action.LIST, Action.CREATE)


@dataclass(frozen=True, slots=True)
class Member:
    ref: str
    level: OrganizationLevel
    is_active: bool


@dataclass(frozen=True, slots=True)
class Role:
    ref: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Organization:
    members: tuple[Member, ...]
    roles: tuple[Role, ...]
    features: frozenset[str]
    foreign_roles: tuple[Role, ...]
    foreign_memberships: tuple[str, ...]
    object_rule_limit: int | None


@dataclass(frozen=True, slots=True)
class Object:
    ref: str
    resource: str
    created_by: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """`resource_id` is "@" and a reference, or an unknown id. Without a level the rule does not exist."""

    resource: str
    resource_id: str | None
    member: str | None
    role: str | None
    level: AccessLevel | None


@dataclass(frozen=True, slots=True)
class About:
    """The caller and the subject. `object` is a reference; `where` is the step's position."""

    where: str
    actor: str
    resource: str | None
    object: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the rules themselves."""

    about: About
    ask: Ask
    required_level: AccessLevel | None
    includes_all_for_admins: bool
    expected: object


@dataclass(frozen=True, slots=True)
class OtherRules:
    """A question to rules that are not in force yet."""

    about: About


@dataclass(frozen=True, slots=True)
class Sending:
    """What all requests have. `scopes` are those of the key; None means all scopes.

    `is_current`: the address names the caller's current project instead of an id.
    """

    scopes: tuple[str, ...] | None
    is_current: bool
    expected: Expectation


@dataclass(frozen=True, slots=True)
class RuleInput:
    """The body of a request that sets a rule; `given` are the keys that it has."""

    given: frozenset[str]
    access_level: object
    resource: str | None
    resource_id: str | None
    member: str | None
    member_raw: str | None
    role: str | None


@dataclass(frozen=True, slots=True)
class SetRule:
    """A request that sets, changes or removes a rule."""

    about: About
    sending: Sending
    endpoint: Endpoint
    rule: RuleInput


@dataclass(frozen=True, slots=True)
class GetRules:
    """A request for rules and their context."""

    about: About
    sending: Sending
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class GetPeople:
    """A request for the people with access to an object."""

    about: About
    sending: Sending


@dataclass(frozen=True, slots=True)
class UseObjects:
    """A request for the objects themselves."""

    about: About
    sending: Sending
    action: Action


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the organization between two questions."""

    where: str
    levels: Mapping[str, OrganizationLevel]
    leaving: tuple[str, ...]
    rules: tuple[Rule, ...]
    features: frozenset[str] | None
    role_removals: tuple[tuple[str, str], ...]
    """Role and member, in an order that is only known where the roles are."""


Request = SetRule | GetRules | GetPeople | UseObjects
Step = Question | OtherRules | Request | Change


@dataclass(frozen=True, slots=True)
class AccessCase:
    name: str
    organization: Organization
    objects: tuple[Object, ...]
    rules: tuple[Rule, ...]
    steps: tuple[Step, ...]


def read_access_case(content: object, name: str) -> AccessCase:
    """Read the case. Raises CaseError for anything unknown."""
    with read_object(content, name) as fields:
        fields.drop(("name", "source", "tags"))
        case = AccessCase(
            name=name,
            organization=_read_organization(fields.take("organization", {})),
            objects=tuple(_read_object(item, at) for at, item in fields.items("objects")),
            rules=tuple(_read_rule(item, at) for at, item in fields.items("access_controls")),
            steps=tuple(_read_step(item, at) for at, item in fields.items("steps")),
        )
    if not any(not isinstance(step, Change) for step in case.steps):
        raise CaseError("a case without a step that asks shows nothing")
    return case


def read_level(value: object, where: str) -> AccessLevel:
    if not isinstance(value, str) or value not in set(AccessLevel):
        raise CaseError(f"{where}: {value!r} is not an access level")
    return AccessLevel(value)


def read_texts(value: object, where: str) -> tuple[str, ...]:
    """Read a list of strings."""
    texts = [item for _, item in items_of(value, where)]
    if not all(isinstance(item, str) for item in texts):
        raise CaseError(f"{where}: must be strings, not {value!r}")
    return tuple(map(str, texts))


def read_scopes(value: object, where: str) -> tuple[str, ...]:
    """Read the scopes of a key; null means no scopes."""
    return () if value is None else read_texts(value, where)


def _read_membership_level(value: object, where: str) -> OrganizationLevel:
    if not isinstance(value, str) or value.upper() not in OrganizationLevel.__members__:
        raise CaseError(f"{where}: {value!r} is not a membership level")
    return OrganizationLevel[value.upper()]


def _read_organization(value: object) -> Organization:
    with read_object(value, "organization") as fields:
        features = _read_features(fields.take("features"), "organization.features")
        return Organization(
            members=tuple(_read_member(item, at) for at, item in fields.items("members")),
            roles=tuple(_read_role(item, at) for at, item in fields.items("roles")),
            features=frozenset(FEATURES) if features is None else features,
            foreign_roles=tuple(_read_role(item, at) for at, item in fields.items("foreign_roles")),
            foreign_memberships=read_texts(fields.take("foreign_memberships", []), "foreign_memberships"),
            object_rule_limit=fields.integer("object_rule_limit"),
        )


def _read_features(value: object, where: str) -> frozenset[str] | None:
    if value is None:
        return None
    features = read_texts(value, where)
    if unknown := set(features) - set(FEATURES):
        raise CaseError(f"{where}: {sorted(unknown)} are unknown")
    return frozenset(features)


def _read_member(value: object, where: str) -> Member:
    with read_object(value, where) as fields:
        return Member(
            ref=fields.required_text("ref"),
            level=_read_membership_level(fields.take("level"), f"{where}.level"),
            is_active=fields.flag("active") if "active" in fields else True,
        )


def _read_role(value: object, where: str) -> Role:
    with read_object(value, where) as fields:
        return Role(fields.required_text("ref"), read_texts(fields.take("members", []), f"{where}.members"))


def _read_object(value: object, where: str) -> Object:
    with read_object(value, where) as fields:
        return Object(
            fields.required_text("ref"), fields.required_text("resource"), created_by=fields.text("created_by")
        )


def _read_rule(value: object, where: str) -> Rule:
    with read_object(value, where) as fields:
        if "access_level" not in fields:
            raise CaseError(f"{where}.access_level is missing")
        level = fields.take("access_level")
        return Rule(
            resource=fields.required_text("resource"),
            resource_id=fields.text("resource_id"),
            member=fields.text("member"),
            role=fields.text("role"),
            level=None if level is None else read_level(level, f"{where}.access_level"),
        )


def _read_step(value: object, where: str) -> Step:
    with read_object(value, where) as fields:
        ask = fields.required_text("ask")
        about = About(
            where=where,
            actor=fields.required_text("as"),
            resource=fields.text("resource"),
            object=fields.text("object"),
        )
        if ask == "change":
            return _read_change(fields.take("change"), f"{where}.change")
        if ask in OF_OTHER_RULES:
            fields.drop(("expect",))
            return OtherRules(about)
        if "expect" not in fields:
            raise CaseError(f"{where}.expect is missing")
        if ask in _REQUESTS:
            return _REQUESTS[ask](fields, about)
        if ask in set(Ask):
            return _read_question(Ask(ask), fields, about)
        raise CaseError(f"{where}.ask: {ask!r} is unknown")


def _read_question(ask: Ask, fields: Fields, about: About) -> Question:
    level = fields.take("required_level") if ask in WITH_LEVEL else None
    includes_all = fields.flag("include_all_if_admin") if ask is Ask.FILTER_LIST else False
    if ask in ABOUT_OBJECTS and about.object is None:
        raise CaseError(f"{about.where}: {ask} is about an object")
    return Question(
        about=about,
        ask=ask,
        required_level=read_level(level, f"{about.where}.required_level") if ask in WITH_LEVEL else None,
        includes_all_for_admins=includes_all,
        expected=fields.take("expect"),
    )


def _read_sending(fields: Fields, about: About, *keys: str) -> Sending:
    current = fields.text("project_from")
    if current not in (None, "@current"):
        raise CaseError(f"{about.where}.project_from: {current!r} is unknown")
    key, scopes = fields.take("key"), None
    if key is not None:
        with read_object(key, f"{about.where}.key") as of_key:
            scopes = read_scopes(of_key.take("scopes"), f"{about.where}.key.scopes")
    expected = read_expectation(fields.take("expect"), f"{about.where}.expect", keys)
    return Sending(scopes=scopes, is_current=current is not None, expected=expected)


def _read_endpoint(fields: Fields, about: About) -> Endpoint:
    endpoint = fields.required_text("endpoint")
    if endpoint not in set(Endpoint):
        raise CaseError(f"{about.where}.endpoint: {endpoint!r} is unknown")
    return Endpoint(endpoint)


def _of_object(about: About) -> About:
    if about.resource is None or about.object is None:
        raise CaseError(f"{about.where}: a request of this kind is about an object of a resource")
    return about


def _read_set(fields: Fields, about: About) -> SetRule:
    return SetRule(
        about=_of_object(about),
        endpoint=_read_endpoint(fields, about),
        rule=_read_rule_input(fields.take("set"), f"{about.where}.set"),
        sending=_read_sending(fields, about, "attr", "detail_contains", "detail_lacks", "body_contains"),
    )


def _read_rule_input(value: object, where: str) -> RuleInput:
    given = frozenset(value) if isinstance(value, dict) else frozenset()
    with read_object(value, where) as fields:
        return RuleInput(
            given=given,
            access_level=fields.take("access_level"),
            resource=fields.text("resource"),
            resource_id=fields.text("resource_id"),
            member=fields.text("member"),
            member_raw=fields.text("member_raw"),
            role=fields.text("role"),
        )


def _read_get(fields: Fields, about: About) -> GetRules:
    return GetRules(
        about=_of_object(about),
        endpoint=_read_endpoint(fields, about),
        sending=_read_sending(
            fields, about, "attr", "detail_contains", "detail_lacks", "body", "body_contains", "rows"
        ),
    )


def _read_people(fields: Fields, about: About) -> GetPeople:
    keys = ("detail_contains", "detail_lacks", "total_count", "users_contain", "users_lack", "levels_in_order")
    return GetPeople(_of_object(about), _read_sending(fields, about, *keys))


def _read_use(fields: Fields, about: About) -> UseObjects:
    name = fields.required_text("action")
    if name not in set(Action):
        raise CaseError(f"{about.where}.action: {name!r} is unknown")
    action = Action(name)
    if about.resource is None or (action.is_about_one and about.object is None):
        raise CaseError(f"{about.where}: the request does not say what it is about")
    keys = ("attr", "detail_contains", "detail_lacks", "body_contains", "items")
    return UseObjects(about, _read_sending(fields, about, *keys), action)


_REQUESTS: Mapping[str, Callable[[Fields, About], Request]] = {
    "set": _read_set,
    "get": _read_get,
    "users_with_access": _read_people,
    "request": _read_use,
}


def _read_change(value: object, where: str) -> Change:
    with read_object(value, where) as fields:
        levels = fields.mapping("membership_level")
        rules = _listed(fields.take("put_row"))
        return Change(
            where=where,
            levels={ref: _read_membership_level(level, f"{where}.{ref}") for ref, level in levels.items()},
            leaving=read_texts(_listed(fields.take("leave_organization")), f"{where}.leave_organization"),
            rules=tuple(_read_rule(item, f"{where}.put_row") for item in rules),
            features=_read_features(fields.take("features"), f"{where}.features"),
            role_removals=tuple(_read_removals(fields.take("remove_from_role"), f"{where}.remove_from_role")),
        )


def _listed(value: object) -> list[object]:
    """Read one item or several; none for null."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _read_removals(value: object, where: str) -> list[tuple[str, str]]:
    """Pairs of a role and a member, written {"role": "r1", "member": "u1"} or {"r1": "u1"}, one or several."""
    found: list[tuple[str, str]] = []
    for item in _listed(value):
        if not isinstance(item, dict):
            raise CaseError(f"{where}: must be an object, not {item!r}")
        if set(item) == {"role", "member"}:
            item = {item["role"]: item["member"]}  # noqa: PLW2901 - the other way to write it
        for left, right in item.items():
            found += [(str(left), each) for each in read_texts(_listed(right), where)]
    return found


def is_project(resource: str | None) -> bool:
    return resource == PROJECT.name
