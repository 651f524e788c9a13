"""Short ways to build rules and policies."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from datasource.metadata.records import AccessLevel, OrganizationFeatures, OrganizationLevel, RuleRecord
from permissions.policy import Policy, Principal
from permissions.resources import Resource, find_resource, registered

PROJECT_ID: Final = 7
ADA: Final = "ada"
ADAS_MEMBERSHIP: Final = "membership of ada"

MEMBER: Final = Principal(ADA, OrganizationLevel.MEMBER)
ADMIN: Final = Principal(ADA, OrganizationLevel.ADMIN)
OWNER: Final = Principal(ADA, OrganizationLevel.OWNER)
STRANGER: Final = Principal(ADA, None)
PROJECT_KEY: Final = Principal(None, None, is_project_key=True)

ALL_ON: Final = OrganizationFeatures()
RULES_OFF: Final = OrganizationFeatures(access_control=False)
ROLES_OFF: Final = OrganizationFeatures(role_based_access=False)

MADE: Final = datetime(2026, 5, 1, tzinfo=UTC)


def rule(
    resource: Resource | str,
    level: AccessLevel | str,
    *,
    on: str | None = None,
    member: str | None = None,
    role: str | None = None,
    project_id: int = PROJECT_ID,
) -> RuleRecord:
    """Build a rule for the object `on`, by default for the whole resource and for everyone."""
    name = resource if isinstance(resource, str) else resource.name
    return RuleRecord(
        id=f"{project_id} {name} {on} {member} {role}",
        project_id=project_id,
        resource=name,
        resource_id=on,
        member_id=member,
        role_id=role,
        access_level=AccessLevel(level),
        created_by=None,
        created_at=MADE,
        updated_at=MADE,
    )


def policy(*rules: RuleRecord, principal: Principal = MEMBER, features: OrganizationFeatures = ALL_ON) -> Policy:
    """Build a policy from rules that all apply to the principal."""
    return Policy(principal, PROJECT_ID, rules, features)


@contextmanager
def registered_one(resource: Resource) -> Iterator[Resource]:
    """Register a resource within the block, and return it as found by its name."""
    with registered(resource):
        found = find_resource(resource.name)
        assert found is not None
        yield found
