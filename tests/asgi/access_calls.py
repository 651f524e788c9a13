"""The operations on access rules that tests send over HTTP."""

from typing import Any

from datasource.metadata.records import RoleRecord
from tests.support.gateway import Answer
from tests.support.seeds.organization import Person

GRANT = "accessLevel source sourceSubject sourceResource sourceResourceId sourceDisplayName"
RULES = "accessControls { resource resourceId accessLevel member { email } role { name } createdBy { email } }"
POLICY = f"""{RULES} availableAccessLevels defaultAccessLevel minimumAccessLevel maximumAccessLevel userAccessLevel
    userCanEditAccessLevels inheritedAccess {{ {GRANT} }}"""
SET = f"""mutation($project: ID!, $resource: AccessControlledResource!, $on: ID, $member: ID, $role: ID,
    $level: AccessLevel) {{ accessControlSet(input: {{projectId: $project, resource: $resource, resourceId: $on,
    memberId: $member, roleId: $role, accessLevel: $level}}) {{ {POLICY} }} }}"""
READ = f"""query($project: ID!, $resource: AccessControlledResource, $on: ID) {{
    accessPolicy(projectId: $project, resource: $resource, resourceId: $on) {{ {POLICY} }} }}"""


async def set_access(
    person: Person,
    level: str | None,
    resource: str = "INSIGHT",
    *,
    on: str | None = None,
    to: Person | RoleRecord | None = None,
    **others: str,
) -> Answer:
    """Set a rule; `others` are further variables of SET, such as wrong ids."""
    named = {
        **({"member": to.member.id} if isinstance(to, Person) else {}),
        **({"role": to.id} if isinstance(to, RoleRecord) else {}),
    }
    return await person.ask(SET, level=level, resource=resource, on=on, **{**named, **others})


async def changed_policy(
    person: Person,
    level: str | None,
    resource: str = "INSIGHT",
    *,
    on: str | None = None,
    to: Person | RoleRecord | None = None,
) -> Any:
    """Return the policy after the change."""
    return (await set_access(person, level, resource, on=on, to=to)).data["accessControlSet"]


async def read_policy(person: Person, resource: str | None = None, on: str | None = None) -> Any:
    answer = await person.ask(READ, resource=resource, on=on)
    return answer.data["accessPolicy"]


def rules_of(policy: Any) -> list[tuple[str | None, str]]:
    """Return the subject of each rule, None for everyone, and its level."""
    return [
        ((each["member"] or {}).get("email") or (each["role"] or {}).get("name"), each["accessLevel"])
        for each in policy["accessControls"]
    ]
