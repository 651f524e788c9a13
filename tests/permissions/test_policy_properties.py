"""The policy against a second, plain implementation of the rules in docs/access-control.md."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from datasource.metadata.records import AccessLevel, OrganizationFeatures, OrganizationLevel, RuleRecord
from permissions.policy import Access, Controlled, Policy, Principal, Source, applicable_rules
from permissions.resources import ORGANIZATION, PROJECT, Resource, registered
from tests.permissions.policy_builders import PROJECT_ID, rule

MANY = settings(max_examples=200, deadline=None, derandomize=True)
# Those that ask for everything twice take longer.
SOME = settings(max_examples=80, deadline=None, derandomize=True)

RECORDING = Resource("session_recording")
RESOURCES = (
    PROJECT,
    ORGANIZATION,
    Resource("dashboard", admins_list_all=True),
    Resource("notebook"),
    Resource("activity_log", default=AccessLevel.VIEWER, maximum=AccessLevel.VIEWER),
    RECORDING,
    Resource("session_recording_playlist", parent=RECORDING),
)
BY_NAME = {resource.name: resource for resource in RESOURCES}

USERS = ("ada", "bob")
MEMBERSHIPS = ("membership of ada", "membership of bob", "ada's membership elsewhere")
ROLES = ("analysts", "editors", "a role elsewhere")
OBJECT_IDS = ("1", "2", str(PROJECT_ID))

# The settings of each resource, independent of the registry.
LADDERS = dict.fromkeys(BY_NAME, ("none", "viewer", "editor", "manager")) | {
    "project": ("none", "member", "admin"),
    "organization": ("none", "member", "admin"),
}
DEFAULTS = dict.fromkeys(BY_NAME, "editor") | {
    "project": "admin",
    "organization": "member",
    "activity_log": "viewer",
}
HIGHEST = dict.fromkeys(BY_NAME, "manager") | {
    "project": "admin",
    "organization": "admin",
    "activity_log": "viewer",
}
PARENTS = {"session_recording_playlist": "session_recording"}
ADMINS_LIST_ALL = ("project", "dashboard")


@dataclass(frozen=True)
class Scenario:
    """Ada in an organization, and the rules of one of its projects for any subject."""

    level: OrganizationLevel | None
    roles: frozenset[str]
    features: OrganizationFeatures
    rules: tuple[RuleRecord, ...]
    makers: dict[tuple[str, str], str | None]

    @property
    def is_admin(self) -> bool:
        return self.level in (OrganizationLevel.ADMIN, OrganizationLevel.OWNER)

    def policy(self, rules: Sequence[RuleRecord] | None = None) -> Policy:
        membership_id = None if self.level is None else "membership of ada"
        found = applicable_rules(self.rules if rules is None else rules, membership_id, self.roles)
        return Policy(Principal("ada", self.level), PROJECT_ID, found, self.features)

    def target(self, resource: str, object_id: str) -> Controlled:
        return Controlled(BY_NAME[resource], object_id, self.makers.get((resource, object_id)))


# ---------------------------------------------------------------------- a second implementation of the rules


def _applying(scenario: Scenario) -> list[RuleRecord]:
    """Return the rules that apply to Ada."""
    if not scenario.features.access_control:
        return []
    found = []
    for each in scenario.rules:
        if each.member_id is not None:
            applies = scenario.level is not None and each.member_id == "membership of ada"
        elif each.role_id is not None:
            applies = scenario.features.role_based_access and each.role_id in scenario.roles
        else:
            applies = True
        if applies:
            found.append(each)
    return found


def _top(resource: str, rules: list[RuleRecord]) -> str:
    ladder = LADDERS[resource]
    return ladder[max(ladder.index(each.access_level.value) for each in rules)]


def _reaches(resource: str, level: str | None, required: str) -> bool:
    ladder = LADDERS[resource]
    return level is not None and ladder.index(level) >= ladder.index(required)


def _object_rules(scenario: Scenario, resource: str, object_id: str, *, named: bool) -> list[RuleRecord]:
    return [
        each
        for each in _applying(scenario)
        if (each.resource, each.resource_id) == (resource, object_id)
        and (each.member_id is not None or each.role_id is not None) is named
    ]


def _resource_rules(scenario: Scenario, resource: str) -> list[RuleRecord]:
    if resource in ("project", "organization"):
        return []
    ruling = PARENTS.get(resource, resource)
    return [each for each in _applying(scenario) if each.resource == ruling and each.resource_id is None]


def _object_level(scenario: Scenario, resource: str, object_id: str, *, explicit: bool = False) -> str | None:
    if scenario.level is None:
        return None
    if scenario.makers.get((resource, object_id)) == "ada":
        return HIGHEST[resource]
    if scenario.is_admin:
        return HIGHEST[resource]
    if resource == "organization":
        return "member"
    default = None if explicit else DEFAULTS[resource]
    if not scenario.features.access_control:
        return default
    if rules := _object_rules(scenario, resource, object_id, named=True):
        return _top(resource, rules)
    if rules := _resource_rules(scenario, resource):
        return _top(resource, rules)
    if rules := _object_rules(scenario, resource, object_id, named=False):
        return _top(resource, rules)
    return default


def _resource_level(scenario: Scenario, resource: str) -> str | None:
    if resource in ("project", "organization"):
        return DEFAULTS[resource]
    ruling = PARENTS.get(resource, resource)
    if scenario.level is None:
        return None
    if scenario.is_admin:
        return HIGHEST[ruling]
    rules = _resource_rules(scenario, resource)
    return _top(ruling, rules) if rules else DEFAULTS[ruling]


def _has_specific_access(scenario: Scenario, resource: str, required: str) -> bool:
    if scenario.is_admin:
        return True
    return any(
        _reaches(resource, each.access_level.value, required)
        for each in _applying(scenario)
        if each.resource == resource
        and each.resource_id is not None
        and (each.member_id is not None or each.role_id is not None)
    )


def _passes_gate(scenario: Scenario, resource: str, required: str) -> bool:
    if _reaches(resource, _resource_level(scenario, resource), required):
        return True
    return _has_specific_access(scenario, resource, required)


def _listed(scenario: Scenario, resource: str, *, includes_all_for_admins: bool) -> list[str]:
    """Return the objects that a list shows."""
    if scenario.is_admin and (includes_all_for_admins or resource in ADMINS_LIST_ALL):
        return list(OBJECT_IDS)
    allowed: list[str] = []
    blocked: list[str] = []
    for object_id in OBJECT_IDS:
        named = _object_rules(scenario, resource, object_id, named=True)
        everyone = _object_rules(scenario, resource, object_id, named=False)
        if named:
            is_open = any(each.access_level is not AccessLevel.NONE for each in named)
            (allowed if is_open else blocked).append(object_id)
        elif everyone and all(each.access_level is AccessLevel.NONE for each in everyone):
            blocked.append(object_id)
    own = [each for each in OBJECT_IDS if scenario.makers.get((resource, each)) == "ada"]
    if _resource_level(scenario, resource) in (None, "none") and allowed:
        return [each for each in OBJECT_IDS if each in allowed or each in own]
    return [each for each in OBJECT_IDS if each not in blocked or each in own]


def _may_edit_rules(scenario: Scenario, resource: str, object_id: str) -> bool:
    if scenario.makers.get((resource, object_id)) == "ada":
        return True
    if _reaches("project", _object_level(scenario, "project", str(PROJECT_ID), explicit=True), "admin"):
        return True
    if resource in ("project", "organization"):
        return False
    return _reaches(resource, _object_level(scenario, resource, object_id, explicit=True), "manager")


# ---------------------------------------------------------------------- random scenarios


@st.composite
def _rules(draw: st.DrawFn) -> RuleRecord:
    name = draw(st.sampled_from(sorted(BY_NAME)))
    level = draw(st.sampled_from(LADDERS[name]))
    on = draw(st.sampled_from((None, None, *OBJECT_IDS)))
    subject = draw(st.sampled_from((None, *MEMBERSHIPS[:1], *MEMBERSHIPS, *ROLES)))
    member = subject if subject in MEMBERSHIPS else None
    role = subject if subject in ROLES else None
    return rule(name, level, on=on, member=member, role=role)


@st.composite
def _scenarios(draw: st.DrawFn) -> Scenario:
    objects = [(name, object_id) for name in sorted(BY_NAME) for object_id in OBJECT_IDS]
    # Organizations and projects have no creator for rules.
    made = [each for each in objects if each[0] not in ("project", "organization")]
    makers = draw(st.dictionaries(st.sampled_from(made), st.sampled_from(USERS), max_size=6))
    levels = (None, *OrganizationLevel, *([OrganizationLevel.MEMBER] * 6))
    switched_on = st.sampled_from((True, True, True, False))
    return Scenario(
        level=draw(st.sampled_from(levels)),
        roles=draw(st.frozensets(st.sampled_from(ROLES[:2]))),
        features=OrganizationFeatures(access_control=draw(switched_on), role_based_access=draw(switched_on)),
        rules=tuple(draw(st.lists(_rules(), max_size=25, unique_by=lambda each: each.id))),
        makers=dict(makers),
    )


@contextmanager
def _every_resource() -> Iterator[None]:
    own = [each for each in RESOURCES if each not in (PROJECT, ORGANIZATION)]
    with registered(*own):
        yield


def _level(access: Access) -> str | None:
    return None if access.level is None else access.level.value


Answers = dict[str, object]


def _answers(asked: Policy, scenario: Scenario) -> Answers:
    """Collect all answers of a policy, for every object and resource."""
    found: Answers = {"project": asked.can_reach_project()}
    for name, resource in BY_NAME.items():
        general = asked.resource_access(resource)
        found[name] = (general.level, general.source, general.subject)
        found[f"{name} gates"] = [asked.passes_gate(resource, level) for level in resource.ladder]
        for object_id in OBJECT_IDS:
            target = scenario.target(name, object_id)
            access = asked.object_access(target)
            found[f"{name} {object_id}"] = (
                (access.level, access.source, access.subject),
                asked.explicit_access(target).level,
                asked.can_modify(target),
                asked.access_source(target),
                asked.list_filter(resource).shows(object_id, target.created_by),
            )
    return found


# ---------------------------------------------------------------------- properties


@MANY
@given(_scenarios())
def test_levels_of_objects_match_the_model(scenario: Scenario) -> None:
    with _every_resource():
        asked = scenario.policy()
        for name in BY_NAME:
            for object_id in OBJECT_IDS:
                target = scenario.target(name, object_id)
                assert _level(asked.object_access(target)) == _object_level(scenario, name, object_id)
                explicit = _object_level(scenario, name, object_id, explicit=True)
                assert _level(asked.explicit_access(target)) == explicit


@MANY
@given(_scenarios())
def test_levels_of_resources_and_gates_match_the_model(scenario: Scenario) -> None:
    with _every_resource():
        asked = scenario.policy()
        for name, resource in BY_NAME.items():
            assert _level(asked.resource_access(resource)) == _resource_level(scenario, name)
            for required in LADDERS[name][1:]:
                level = AccessLevel(required)
                assert asked.has_specific_access(resource, level) is _has_specific_access(scenario, name, required)
                assert asked.passes_gate(resource, level) is _passes_gate(scenario, name, required)


@MANY
@given(_scenarios(), st.booleans())
def test_lists_match_the_model(scenario: Scenario, includes_all: bool) -> None:
    with _every_resource():
        asked = scenario.policy()
        for name, resource in BY_NAME.items():
            found = asked.list_filter(resource, includes_all_for_admins=includes_all)
            makers = {object_id: scenario.makers.get((name, object_id)) for object_id in OBJECT_IDS}
            shown = [object_id for object_id, maker in makers.items() if found.shows(object_id, maker)]
            assert shown == _listed(scenario, name, includes_all_for_admins=includes_all)


@MANY
@given(_scenarios())
def test_right_to_edit_rules_matches_the_model(scenario: Scenario) -> None:
    with _every_resource():
        asked = scenario.policy()
        for name in BY_NAME:
            for object_id in OBJECT_IDS:
                expected = _may_edit_rules(scenario, name, object_id)
                assert asked.can_modify(scenario.target(name, object_id)) is expected


@MANY
@given(_scenarios(), st.booleans())
def test_list_behind_the_gate_shows_only_readable_objects(scenario: Scenario, includes_all: bool) -> None:
    with _every_resource():
        asked = scenario.policy()
        for name, resource in BY_NAME.items():
            # Who is no member is refused before any gate: the project does not exist for them.
            if scenario.level is None or not asked.passes_gate(resource, resource.read_level):
                continue
            found = asked.list_filter(resource, includes_all_for_admins=includes_all)
            for object_id in OBJECT_IDS:
                target = scenario.target(name, object_id)
                if found.shows(object_id, target.created_by):
                    assert resource.reaches(asked.object_access(target).level, resource.read_level)


@MANY
@given(_scenarios())
def test_level_exceeds_the_maximum_only_where_a_rule_says_so(scenario: Scenario) -> None:
    with _every_resource():
        asked = scenario.policy()
        for name, resource in BY_NAME.items():
            accesses = [asked.object_access(scenario.target(name, object_id)) for object_id in OBJECT_IDS]
            for access in (*accesses, asked.resource_access(resource)):
                if access.rule is not None:
                    assert access.rule in scenario.rules
                    assert access.level is access.rule.access_level
                elif access.level is not None:
                    assert resource.reaches(resource.maximum, access.level)


@SOME
@given(_scenarios(), st.randoms(use_true_random=False))
def test_removing_and_setting_a_rule_again_changes_nothing(scenario: Scenario, random: Random) -> None:
    with _every_resource():
        before = _answers(scenario.policy(), scenario)
        rules = list(scenario.rules)
        if rules:
            rules.append(rules.pop(random.randrange(len(rules))))
        assert _answers(scenario.policy(rules), scenario) == before


@SOME
@given(_scenarios(), st.lists(_rules(), max_size=15))
def test_rules_for_other_people_have_no_effect(scenario: Scenario, others: list[RuleRecord]) -> None:
    foreign = [
        replace(each, member_id="membership of bob", role_id=None)
        if index % 2
        else replace(each, member_id=None, role_id="a role elsewhere")
        for index, each in enumerate(others)
    ]
    with _every_resource():
        assert _answers(scenario.policy([*foreign, *scenario.rules]), scenario) == _answers(
            scenario.policy(), scenario
        )


@SOME
@given(_scenarios())
def test_results_do_not_depend_on_earlier_checks(scenario: Scenario) -> None:
    with _every_resource():
        asked = scenario.policy()
        assert _answers(asked, scenario) == _answers(asked, scenario)


def test_random_scenarios_cover_every_kind_of_result() -> None:
    """Otherwise the properties above could hold for lack of cases."""
    sources: set[Source | None] = set()
    verdicts: set[tuple[bool, bool]] = set()

    @settings(max_examples=200, deadline=None, derandomize=True, database=None)
    @given(_scenarios())
    def collect(scenario: Scenario) -> None:
        asked = scenario.policy()
        for name, resource in BY_NAME.items():
            for object_id in OBJECT_IDS:
                target = scenario.target(name, object_id)
                access = asked.object_access(target)
                sources.add(access.source)
                opens = resource.reaches(access.level, resource.read_level)
                verdicts.add((opens, asked.list_filter(resource).shows(object_id, target.created_by)))

    with _every_resource():
        collect()
    assert sources == {None, *Source} - {Source.PROJECT_KEY}
    assert verdicts == {(True, True), (True, False), (False, True), (False, False)}
