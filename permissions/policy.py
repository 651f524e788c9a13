"""Access decisions: pure functions of rules that were loaded before.

A policy is about one project and one principal. From the rules that apply to them it derives levels, each with the
reason for it. docs/access-control.md describes the rules in prose.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from datasource.metadata.records import AccessLevel, OrganizationFeatures, OrganizationLevel, RuleRecord
from permissions.resources import PROJECT, Resource


class Source(StrEnum):
    """Where a level comes from."""

    OBJECT = "object"
    RESOURCE = "resource"
    PARENT_RESOURCE = "parent_resource"
    SYSTEM_DEFAULT = "system_default"
    CREATOR = "creator"
    ORG_ADMIN = "org_admin"
    ORG_MEMBERSHIP = "org_membership"
    PROJECT_KEY = "project_key"


class SubjectKind(StrEnum):
    """Whom a rule applies to, most specific first."""

    MEMBER = "member"
    ROLE = "role"
    DEFAULT = "default"


class AccessSource(StrEnum):
    """Why a member has access to an object, for lists of people with access."""

    CREATOR = "creator"
    ORGANIZATION_ADMIN = "organization_admin"
    EXPLICIT_MEMBER = "explicit_member"
    EXPLICIT_ROLE = "explicit_role"
    PROJECT_ADMIN = "project_admin"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller as seen by the project's organization; `level` is None for non-members.

    A project's own key is not a person: its scopes limit it, rules do not.
    """

    user_id: str | None
    level: OrganizationLevel | None
    is_project_key: bool = False

    @property
    def is_admin(self) -> bool:
        return self.level is not None and self.level >= OrganizationLevel.ADMIN


@dataclass(frozen=True, slots=True)
class Controlled:
    """An object whose access is controlled; `created_by` is a user's id."""

    resource: Resource
    id: str
    created_by: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """A level and where it comes from; `rule` is the deciding rule, if any. Without a level there is no access."""

    level: AccessLevel | None
    source: Source | None = None
    rule: RuleRecord | None = None

    @property
    def subject(self) -> SubjectKind | None:
        """Whom the deciding rule applies to."""
        return subject_of(self.rule) if self.rule else None


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What a list shows: `only` these if given, otherwise all but `hidden`, and always what `creator` created."""

    only: frozenset[str] | None = None
    hidden: frozenset[str] = frozenset()
    creator: str | None = None

    def shows(self, object_id: str, created_by: str | None) -> bool:
        if created_by is not None and created_by == self.creator:
            return True
        return object_id in self.only if self.only is not None else object_id not in self.hidden


NO_ACCESS: Final = Access(None)
_SUBJECTS: Final = tuple(SubjectKind)


def subject_of(rule: RuleRecord) -> SubjectKind:
    if rule.member_id is not None:
        return SubjectKind.MEMBER
    return SubjectKind.DEFAULT if rule.role_id is None else SubjectKind.ROLE


def applicable_rules(
    rules: Iterable[RuleRecord], membership_id: str | None, role_ids: AbstractSet[str]
) -> list[RuleRecord]:
    """Return the rules for everyone, for this membership, and for any of these roles."""
    return [
        rule
        for rule in rules
        if (rule.member_id is None and rule.role_id is None)
        or (rule.member_id is not None and rule.member_id == membership_id)
        or rule.role_id in role_ids
    ]


class Policy:
    """The effect of a project's rules on one principal.

    `rules` are those of the project that apply to the principal, as `applicable_rules` selects them.
    """

    def __init__(
        self,
        principal: Principal,
        project_id: int,
        rules: Iterable[RuleRecord] = (),
        features: OrganizationFeatures = OrganizationFeatures(),  # noqa: B008 - frozen
    ) -> None:
        self.principal = principal
        self.project = Controlled(PROJECT, str(project_id))
        self.features = features
        self._objects: dict[str, dict[str, list[RuleRecord]]] = {}
        self._resources: dict[str, list[RuleRecord]] = {}
        if features.access_control:
            self._index(rules)
        self._resource_access: dict[str, Access] = {}
        self._resource_ruled: dict[str, Access | None] = {}

    def _index(self, rules: Iterable[RuleRecord]) -> None:
        for rule in rules:
            if rule.role_id is not None and not self.features.role_based_access:
                continue
            if rule.resource_id is None:
                self._resources.setdefault(rule.resource, []).append(rule)
            else:
                self._objects.setdefault(rule.resource, {}).setdefault(rule.resource_id, []).append(rule)

    def object_access(self, target: Controlled) -> Access:
        """Return the level on an object.

        The first of these that applies decides: the principal created it, the principal is an admin, rules of the
        object for the member or a role, rules for the whole resource, the object's rule for everyone, the default.
        """
        return self._bypass(target) or self._ruled_access(target) or self._default(target.resource)

    def explicit_access(self, target: Controlled) -> Access:
        """Return the level on an object like `object_access`, but without the default."""
        return self._bypass(target) or self._ruled_access(target) or NO_ACCESS

    def everyone_access(self, resource: Resource) -> Access:
        """Return the level of everyone on an object without rules of its own."""
        rules = self._resource_rules(resource)
        general = [rule for rule in rules if subject_of(rule) is SubjectKind.DEFAULT]
        return _highest(resource.ruling, general, _resource_source(resource)) or self._default(resource)

    def resource_access(self, resource: Resource) -> Access:
        """Return the level on a whole kind of resource: the highest of all rules for it."""
        known = self._resource_access.get(resource.name)
        if known is None:
            known = self._resource_access[resource.name] = self._find_resource_access(resource)
        return known

    def has_specific_access(self, resource: Resource, required: AccessLevel) -> bool:
        """Return whether a rule for the member or a role gives the level on any object of the resource."""
        if self.principal.is_admin or self.principal.is_project_key:
            return True
        return self._has_named_rule(resource, required)

    def passes_gate(self, resource: Resource, required: AccessLevel, *, strictly: bool = False) -> bool:
        """Return whether a request for the resource may proceed to its objects.

        `strictly`: the level is needed on the whole resource, as for creating; otherwise on any object of it.
        """
        if resource.reaches(self.resource_access(resource).level, required):
            return True
        return not strictly and self.has_specific_access(resource, required)

    def can_reach_project(self) -> bool:
        """Return whether the project is visible to the principal."""
        return PROJECT.reaches(self.object_access(self.project).level, PROJECT.read_level)

    def can_modify(self, target: Controlled) -> bool:
        """Return whether the principal may change the rules of an object.

        Its creator, explicit admins of the project and explicit managers of the object may. A default level is
        not explicit, and a project's key never may.
        """
        if self.principal.is_project_key:
            return False
        if _is_creator(self.principal, target):
            return True
        if PROJECT.reaches(self.explicit_access(self.project).level, PROJECT.write_level):
            return True
        resource = target.resource
        return resource is not PROJECT and resource.reaches(
            self.explicit_access(target).level, resource.ladder[-1]
        )

    def list_filter(self, resource: Resource, *, includes_all_for_admins: bool = False) -> ListFilter:
        """Return what a list of the resource shows behind the gate.

        Rules for the whole resource are not considered, so an object can be missing that can be opened by its id.
        """
        if self.principal.is_project_key:
            return ListFilter()
        if self.principal.is_admin and (includes_all_for_admins or resource.admins_list_all):
            return ListFilter()
        allowed, blocked = self._allowed_and_blocked(resource)
        level = self.resource_access(resource).level
        if allowed and not resource.reaches(level, resource.read_level):
            return ListFilter(only=allowed, creator=self.principal.user_id)
        return ListFilter(hidden=blocked, creator=self.principal.user_id)

    def access_source(self, target: Controlled) -> AccessSource | None:
        """Return why the principal has access; None for non-members."""
        if self.principal.level is None:
            return None
        if _is_creator(self.principal, target):
            return AccessSource.CREATOR
        if self.principal.is_admin:
            return AccessSource.ORGANIZATION_ADMIN
        subjects = {subject_of(rule) for rule in self._named(target)}
        if SubjectKind.MEMBER in subjects:
            return AccessSource.EXPLICIT_MEMBER
        if SubjectKind.ROLE in subjects:
            return AccessSource.EXPLICIT_ROLE
        if any(rule.member_id is not None for rule in self._rules_of(self.project)):
            return AccessSource.PROJECT_ADMIN
        return AccessSource.DEFAULT

    def _bypass(self, target: Controlled) -> Access | None:
        """Return the level of principals who are exempt from rules; NO_ACCESS for non-members."""
        resource = target.resource
        if self.principal.is_project_key:
            return Access(resource.maximum, Source.PROJECT_KEY)
        if self.principal.level is None:
            return NO_ACCESS
        if _is_creator(self.principal, target):
            return Access(resource.maximum, Source.CREATOR)
        if self.principal.is_admin:
            return Access(resource.maximum, Source.ORG_ADMIN)
        return None if resource.takes_rules else Access(resource.default, Source.ORG_MEMBERSHIP)

    def _ruled_access(self, target: Controlled) -> Access | None:
        resource = target.resource
        rules = self._rules_of(target)
        if not rules:
            return self._resource_rule(resource)
        named = [rule for rule in rules if subject_of(rule) is not SubjectKind.DEFAULT]
        if (found := _highest(resource, named, Source.OBJECT)) is not None:
            return found
        if (found := self._resource_rule(resource)) is not None:
            return found
        return _highest(resource, rules, Source.OBJECT)

    def _find_resource_access(self, resource: Resource) -> Access:
        if self.principal.is_project_key:
            return Access(resource.ruling.maximum, Source.PROJECT_KEY)
        if not resource.has_resource_rules:
            return self._default(resource)
        if self.principal.level is None:
            return NO_ACCESS
        if self.principal.is_admin:
            return Access(resource.ruling.maximum, Source.ORG_ADMIN)
        return self._resource_rule(resource) or self._default(resource.ruling)

    def _resource_rule(self, resource: Resource) -> Access | None:
        if resource.name not in self._resource_ruled:
            found = _highest(resource.ruling, self._resource_rules(resource), _resource_source(resource))
            self._resource_ruled[resource.name] = found
        return self._resource_ruled[resource.name]

    def _resource_rules(self, resource: Resource) -> Sequence[RuleRecord]:
        return self._resources.get(resource.ruling.name, ()) if resource.has_resource_rules else ()

    def _default(self, resource: Resource) -> Access:
        return Access(resource.default, Source.SYSTEM_DEFAULT)

    def _rules_of(self, target: Controlled) -> Sequence[RuleRecord]:
        return self._objects.get(target.resource.name, {}).get(target.id, ())

    def _named(self, target: Controlled) -> list[RuleRecord]:
        return [rule for rule in self._rules_of(target) if subject_of(rule) is not SubjectKind.DEFAULT]

    def _has_named_rule(self, resource: Resource, required: AccessLevel) -> bool:
        return any(
            subject_of(rule) is not SubjectKind.DEFAULT and resource.reaches(rule.access_level, required)
            for rules in self._objects.get(resource.name, {}).values()
            for rule in rules
        )

    def _allowed_and_blocked(self, resource: Resource) -> tuple[frozenset[str], frozenset[str]]:
        """Return the ids that rules for the member or a role open, and those that rules close."""
        allowed, blocked = set(), set()
        for object_id, rules in self._objects.get(resource.name, {}).items():
            named = [rule for rule in rules if subject_of(rule) is not SubjectKind.DEFAULT]
            if all(rule.access_level is AccessLevel.NONE for rule in named or rules):
                blocked.add(object_id)
            elif named:
                allowed.add(object_id)
        return frozenset(allowed), frozenset(blocked)


def _is_creator(principal: Principal, target: Controlled) -> bool:
    return principal.user_id is not None and target.created_by == principal.user_id


def _resource_source(resource: Resource) -> Source:
    return Source.RESOURCE if resource.parent is None else Source.PARENT_RESOURCE


def _highest(resource: Resource, rules: Iterable[RuleRecord], source: Source) -> Access | None:
    """Return the access of the rule with the highest level; among equals, of the most specific one."""
    ladder = resource.ladder
    ranked = (rule for rule in rules if rule.access_level in ladder)
    best = max(
        ranked,
        key=lambda rule: (ladder.index(rule.access_level), -_SUBJECTS.index(subject_of(rule))),
        default=None,
    )
    return None if best is None else Access(best.access_level, source, best)
