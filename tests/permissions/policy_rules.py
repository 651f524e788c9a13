"""Rules and objects for tests of the policy."""

from datasource.metadata.records import AccessLevel, RuleRecord
from permissions.policy import Controlled
from permissions.resources import INSIGHT, PROJECT, Resource
from tests.permissions.policy_builders import ADA, ADAS_MEMBERSHIP, PROJECT_ID, rule

NONE, VIEWER, EDITOR, MANAGER = (AccessLevel.NONE, AccessLevel.VIEWER, AccessLevel.EDITOR, AccessLevel.MANAGER)
PROJECT_MEMBER, PROJECT_ADMIN = AccessLevel.MEMBER, AccessLevel.ADMIN

INSIGHT_1 = Controlled(INSIGHT, "1", created_by="bob")
OWN_INSIGHT = Controlled(INSIGHT, "1", created_by=ADA)
OWN_PROJECT = str(PROJECT_ID)


def about_ada(level: str, resource: Resource | str = INSIGHT, *, on: str | None = "1") -> RuleRecord:
    return rule(resource, level, on=on, member=ADAS_MEMBERSHIP)


def about_role(level: str, resource: Resource | str = INSIGHT, *, on: str | None = "1") -> RuleRecord:
    return rule(resource, level, on=on, role="role 1")


def about_everyone(level: str, resource: Resource | str = INSIGHT, *, on: str | None = "1") -> RuleRecord:
    return rule(resource, level, on=on)


def project_rule(level: str, *, member: str | None = None, role: str | None = None) -> RuleRecord:
    return rule(PROJECT, level, on=OWN_PROJECT, member=member, role=role)


EVERY_RULE = [
    make("none", resource, on=on)
    for make in (about_ada, about_role, about_everyone)
    for resource, on in ((INSIGHT, "1"), (INSIGHT, None), (PROJECT, OWN_PROJECT))
]
