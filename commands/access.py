import shlex
from datetime import UTC, datetime
from typing import Annotated

import typer

from commands.access_explanation import explain_access
from commands.access_options import (
    RESOURCES,
    Subject,
    Target,
    find_subject,
    find_target,
    read_resource,
    rule_key,
)
from commands.access_output import COLUMNS, rule_rows
from commands.environment import load_settings
from commands.metadata import organization_of, require_project, with_store
from commands.options import ProjectOption
from commands.output import print_line, print_table
from datasource.metadata.access_controls import find_rules, set_rule
from datasource.metadata.audit import OPERATOR
from datasource.metadata.members import get_member
from datasource.metadata.records import AccessLevel, OrganizationLevel, OrganizationRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput
from permissions.resources import check_level

EXPLANATION_COLUMNS = ("question", "answer")

ResourceOption = Annotated[str, typer.Option(metavar="RESOURCE", help=f"The resource: {RESOURCES}.")]
IdOption = Annotated[
    int | None,
    typer.Option("--id", metavar="ID", help="One object of the resource. Default: all.", show_default=False),
]
MemberOption = Annotated[
    str | None,
    typer.Option(metavar="EMAIL", help="The member the rule is for. Default: everyone.", show_default=False),
]
RoleOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The role the rule is for. Default: everyone.", show_default=False),
]


def register(cli: typer.Typer) -> None:
    group = typer.Typer(
        help="Manage access rules of members, roles and everyone in a project.", no_args_is_help=True
    )
    group.command("list")(show)
    group.command("set")(set_level)
    group.command("remove")(remove)
    group.command("explain")(explain)
    cli.add_typer(group, name="access")


def show(
    project: ProjectOption,
    resource: Annotated[
        str | None,
        typer.Option(metavar="RESOURCE", help=f"Only rules about this resource: {RESOURCES}.", show_default=False),
    ] = None,
    object_id: Annotated[
        int | None,
        typer.Option("--id", metavar="ID", help="Only rules about this object.", show_default=False),
    ] = None,
) -> None:
    """List access rules. A rule without an id is about all objects of its resource."""
    if resource is None and object_id is not None:
        raise BadUserInput("--id requires --resource.", resources=RESOURCES, hint="Add --resource: {resources}.")

    async def action(store: MetadataStore) -> tuple[OrganizationRecord, list[tuple[str, ...]]]:
        if resource is not None and object_id is not None:
            target = await find_target(store, project, resource, object_id)
            rules = await find_rules(store, project, (target.resource.name, target.resource_id))
            return target.organization, await rule_rows(store, target.organization, rules)
        organization = await organization_of(store, await require_project(store, project))
        kind = None if resource is None else read_resource(resource).name
        rules = await find_rules(store, project)
        return organization, await rule_rows(store, organization, [r for r in rules if kind in (None, r.resource)])

    organization, rows = with_store(action)
    print_table(COLUMNS, rows, empty="No rules: everyone has the default levels.")
    _warn_about_features(organization)


def set_level(
    level: Annotated[
        AccessLevel,
        typer.Argument(
            metavar="LEVEL",
            help="none, member or admin for a project; none, viewer, editor or manager for other resources.",
        ),
    ],
    *,
    project: ProjectOption,
    resource: ResourceOption,
    object_id: IdOption = None,
    member: MemberOption = None,
    role: RoleOption = None,
) -> None:
    """Set the level of a member, a role or everyone on one object, or on a whole resource.

    The rule takes effect immediately. Run `access explain` to see a member's effective level and why.
    """

    async def action(store: MetadataStore) -> tuple[Target, Subject, str]:
        target = await find_target(store, project, resource, object_id)
        check_level(target.resource, level)
        subject = await find_subject(store, target.organization, member, role)
        return target, subject, await _write(store, target, subject, level)

    target, subject, change = with_store(action)
    print_line(f"{target}, {subject}: {change}")
    _warn_about_features(target.organization)
    _warn_about_admins(subject)


def remove(
    project: ProjectOption,
    resource: ResourceOption,
    object_id: IdOption = None,
    member: MemberOption = None,
    role: RoleOption = None,
) -> None:
    """Remove the rule that `access set` creates with the same options. Other rules or the default then apply."""

    async def action(store: MetadataStore) -> str:
        target = await find_target(store, project, resource, object_id)
        subject = await find_subject(store, target.organization, member, role)
        return f"{target}, {subject}: {await _write(store, target, subject, None)}"

    print_line(with_store(action))


def explain(
    email: Annotated[str, typer.Argument(help="The member's e-mail address.")],
    project: ProjectOption,
    resource: ResourceOption,
    object_id: IdOption = None,
) -> None:
    """Show what a member may do with one object or a whole resource, and which rule decides."""

    async def action(store: MetadataStore) -> list[tuple[str, str]]:
        target = await find_target(store, project, resource, object_id)
        return await explain_access(store, await get_member(store, email=email), target)

    print_table(EXPLANATION_COLUMNS, with_store(action), empty="")


async def _write(store: MetadataStore, target: Target, subject: Subject, level: AccessLevel | None) -> str:
    """Store or remove the rule, and describe the change."""
    key = rule_key(target, subject)
    before = next(
        (
            rule.access_level
            for rule in await find_rules(store, key.project_id, (key.resource, key.resource_id))
            if (rule.member_id, rule.role_id) == (key.member_id, key.role_id)
        ),
        None,
    )
    max_objects = load_settings().max_objects_with_rules
    await set_rule(store, key, level, actor=OPERATOR, now=datetime.now(UTC), most_objects=max_objects)
    if before is level:
        return "there was no rule" if level is None else f"already {level.value}"
    return f"{before.value if before else 'no rule'} -> {level.value if level else 'no rule'}"


def _warn_about_features(organization: OrganizationRecord) -> None:
    update = f"trendgate organization update {shlex.quote(organization.name)}"
    if not organization.features.access_control:
        print_line(
            f"Access control is off in {organization.name}: no rule applies. "
            f"Turn it on: {update} --access-control.",
            err=True,
        )
    elif not organization.features.role_based_access:
        print_line(
            f"Roles are off in {organization.name}: rules for roles do not apply. Turn them on: {update} --roles.",
            err=True,
        )


def _warn_about_admins(subject: Subject) -> None:
    if subject.member and subject.membership and subject.membership.level >= OrganizationLevel.ADMIN:
        level = subject.membership.level.name.lower()
        print_line(f"{subject.member.email} is {level}: rules do not apply to them.", err=True)
