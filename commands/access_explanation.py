"""What a member may do with a target and why, for an operator."""

from collections.abc import Iterator, Mapping, Sequence

from commands.access_options import Target
from datasource.metadata.reach import rules_of_projects
from datasource.metadata.records import AccessLevel, MemberRecord, OrganizationLevel, RuleRecord
from datasource.metadata.roles import list_roles
from datasource.metadata.store import MetadataStore
from permissions.policy import Access, Controlled, Policy, Principal, Source
from permissions.resources import PROJECT

Row = tuple[str, str]


async def explain_access(store: MetadataStore, member: MemberRecord, target: Target) -> list[Row]:
    """An operator's questions, each with its answer."""
    membership = member.membership_in(target.organization.id)
    project_id = target.project.id
    mine = [membership.id] if membership else []
    rules = (await rules_of_projects(store, [project_id], mine)).get(project_id, [])
    roles = {role.id: role.name for role in await list_roles(store, target.organization.id)}
    principal = Principal(member.id, membership.level if membership else None)
    policy = Policy(principal, project_id, rules, target.organization.features)
    return list(Explanation(member, target, policy, rules, roles).rows())


class Explanation:
    """`rules` are those of the project that apply to the member; `roles` maps ids to names."""

    def __init__(
        self,
        member: MemberRecord,
        target: Target,
        policy: Policy,
        rules: Sequence[RuleRecord],
        roles: Mapping[str, str],
    ) -> None:
        self._member = member
        self._target = target
        self._resource = target.resource
        self._policy = policy
        self._rules = rules
        self._roles = roles
        self._object = self._controlled()
        self._whole = policy.resource_access(target.resource)
        self._access = policy.object_access(self._object) if self._object else self._whole

    def rows(self) -> Iterator[Row]:
        yield "member", f"{self._member.email}, {self._membership()}"
        yield "target", str(self._target)
        yield "level", self._level(self._access)
        if self._resource is not PROJECT:
            yield "level in the project", self._level(self._policy.object_access(self._policy.project))
            yield "gate for reading", self._gate(self._resource.read_level)
            yield "gate for writing", self._gate(self._resource.write_level)
        yield "may read", _yes_or_no(self._obstacle(self._resource.read_level))
        yield "may change", _yes_or_no(self._obstacle(self._resource.write_level))
        if self._object is None:
            yield "may create", _yes_or_no(self._obstacle(self._resource.write_level, strictly=True))
        yield "may edit rules", self._may_edit_rules()
        yield "keys", self._keys()
        for rule in self._other_rules():
            yield "does not decide", f"{self._rule(rule)}: {rule.access_level.value}{self._why_ignored(rule)}"

    def _controlled(self) -> Controlled | None:
        if self._target.resource_id is None:
            return None
        record = self._target.record
        return Controlled(self._resource, self._target.resource_id, record.created_by if record else None)

    def _membership(self) -> str:
        level = self._policy.principal.level
        where = self._target.organization.name
        return f"not a member of {where}" if level is None else f"{level.name.lower()} of {where}"

    def _level(self, access: Access) -> str:
        return f"{_level_name(access.level)}: {self._reason(access)}"

    def _reason(self, access: Access) -> str:
        if access.rule is not None:
            return self._rule(access.rule)
        match access.source:
            case Source.CREATOR:
                return "they created it, which no rule can override"
            case Source.ORG_ADMIN:
                return "rules do not apply to admins and owners of the organization"
            case Source.SYSTEM_DEFAULT if not self._target.organization.features.access_control:
                return "the default, because access control is off in the organization"
            case Source.SYSTEM_DEFAULT:
                return "the default, because no rule applies"
        return "they are not a member of the organization"

    def _rule(self, rule: RuleRecord) -> str:
        if rule.resource == PROJECT.name:
            about = "the project"
        elif rule.resource_id is not None:
            about = f"{self._resource.label} {rule.resource_id}"
        else:
            about = f"all {self._resource.ruling.labels}"
        if rule.member_id is not None:
            return f"the rule about {about} for {self._member.email}"
        whom = "everyone" if rule.role_id is None else f"the role {self._roles.get(rule.role_id, rule.role_id)}"
        return f"the rule about {about} for {whom}"

    def _gate(self, required: AccessLevel) -> str:
        labels, has = self._resource.labels, _level_name(self._whole.level)
        if self._resource.reaches(self._whole.level, required):
            return f"open: {has} on all {labels} ({self._reason(self._whole)})"
        if self._policy.passes_gate(self._resource, required):
            some = f"{required.value} on some {self._resource.label}"
            return f"open, except for creating: a rule for them or one of their roles grants {some}"
        return (
            f"closed: requires {required.value} on all {labels}, but they have {has} ({self._reason(self._whole)})"
        )

    def _obstacle(self, required: AccessLevel, *, strictly: bool = False) -> str:
        """What prevents the member from doing something that requires the level; empty if nothing does."""
        if not self._policy.can_reach_project():
            return "they cannot see the project"
        if self._resource is not PROJECT and not self._policy.passes_gate(
            self._resource, required, strictly=strictly
        ):
            return "the gate is closed" if not strictly else f"creating requires {required.value} on all of them"
        if self._object is not None and not self._resource.reaches(self._access.level, required):
            return f"requires {required.value}, but they have {_level_name(self._access.level)}"
        return ""

    def _may_edit_rules(self) -> str:
        of_object = self._object or self._policy.project
        if not self._policy.can_modify(of_object):
            return f"no: requires {self._editors()}"
        # Editing the rules about an object also requires permission to change the object.
        return _yes_or_no(self._obstacle(self._resource.write_level) if self._object else "")

    def _editors(self) -> str:
        editors = "admin of the organization, or admin on the project by a rule"
        if self._resource is PROJECT or self._object is None:
            return editors
        highest, label = self._resource.ladder[-1].value, self._resource.label
        return f"{editors}, or {highest} on the {label} by a rule, or having created it"

    def _keys(self) -> str:
        organization, level = self._target.organization, self._policy.principal.level
        if not self._member.is_active:
            return "refused: the member is deactivated"
        if level is None:
            return f"no access to {organization.name}"
        if level < OrganizationLevel.ADMIN and not organization.features.member_keys:
            return f"refused: {organization.name} does not accept keys of members below admin"
        return "accepted, within their scopes"

    def _other_rules(self) -> Iterator[RuleRecord]:
        about = {(self._resource.name, self._target.resource_id), (self._resource.ruling.name, None)}
        for rule in self._rules:
            if (rule.resource, rule.resource_id) in about and rule is not self._access.rule:
                yield rule

    def _why_ignored(self, rule: RuleRecord) -> str:
        features = self._target.organization.features
        if not features.access_control:
            return " (access control is off)"
        return " (roles are off)" if rule.role_id is not None and not features.role_based_access else ""


def _yes_or_no(obstacle: str) -> str:
    return f"no: {obstacle}" if obstacle else "yes"


def _level_name(level: AccessLevel | None) -> str:
    return level.value if level else AccessLevel.NONE.value
