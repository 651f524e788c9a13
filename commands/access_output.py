"""Access rules as the rows of a table."""

from collections.abc import Iterable, Mapping

from commands.output import format_minute
from datasource.metadata.members import list_members
from datasource.metadata.records import OrganizationRecord, RuleRecord
from datasource.metadata.roles import list_roles
from datasource.metadata.store import MetadataStore

COLUMNS = ("resource", "id", "subject", "name", "level", "updated")


async def rule_rows(
    store: MetadataStore, organization: OrganizationRecord, rules: Iterable[RuleRecord]
) -> list[tuple[str, ...]]:
    """The rules of one project in order of their resources. Members are shown by e-mail address."""
    roles = {role.id: role.name for role in await list_roles(store, organization.id)}
    members = {
        membership.id: member.email for member in await list_members(store) for membership in member.memberships
    }
    return [_row(rule, members, roles) for rule in sorted(rules, key=_sort_key)]


def _sort_key(rule: RuleRecord) -> tuple[str, int, str]:
    # Ids are digits in a string: 9 comes before 10.
    number = rule.resource_id or ""
    return rule.resource, len(number), number


def _row(rule: RuleRecord, members: Mapping[str, str], roles: Mapping[str, str]) -> tuple[str, ...]:
    kind, name = "everyone", ""
    if rule.member_id is not None:
        kind, name = "member", members.get(rule.member_id, rule.member_id)
    elif rule.role_id is not None:
        kind, name = "role", roles.get(rule.role_id, rule.role_id)
    return (
        rule.resource,
        rule.resource_id or "",
        kind,
        name,
        rule.access_level.value,
        format_minute(rule.updated_at),
    )
