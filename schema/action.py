"""The GraphQL type of actions and the mutations that change them."""

from functools import partial
from typing import Annotated, ClassVar, Self

import strawberry

from datasource.metadata.records import ActionRecord
from permissions.guarded_field import guarded_field
from permissions.permission_classes import Gate
from permissions.resources import ACTION, Resource
from resolvers.actions import SAVED_ACTIONS, create_action, delete_action, update_action
from resolvers.saved import SavedResource
from resolvers.stored_json import load_action
from resolvers.trends.actions import ActionStep as DomainStep
from resolvers.trends.actions import StringMatching
from schema.action_input import ActionCreateInput, ActionUpdateInput, read_steps
from schema.field_costs import assumed_size
from schema.filters import StoredPropertyFilter
from schema.info import ContextInfo
from schema.saved import ProjectId, Saved, read_change, read_description, read_name, under_input

READ_SCOPE = "action:read"
WRITE_SCOPE = "action:write"
WRITE_GATE = Gate(ACTION)
CREATE_GATE = Gate(ACTION, strictly=True)


@strawberry.type(description="The conditions on an event that count as the action; null means no condition.")
class ActionStep:
    event: str | None = strawberry.field(description="The name of the event; null for any event.")
    url: str | None = strawberry.field(description="The URL of the page, the event property $current_url.")
    url_matching: StringMatching = strawberry.field(description="How url is compared.")
    text: str | None = strawberry.field(description="The text of the element or of one of its ancestors.")
    text_matching: StringMatching = strawberry.field(description="How text is compared.")
    href: str | None = strawberry.field(description="The link target of the element.")
    href_matching: StringMatching = strawberry.field(description="How href is compared.")
    selector: str | None = strawberry.field(description="A CSS selector that matches the element.")
    tag_name: str | None = strawberry.field(description="The tag of the element or of one of its ancestors.")
    properties: list[StoredPropertyFilter] = strawberry.field(
        directives=assumed_size(5), description="Property filters on the event; all must match."
    )

    @classmethod
    def from_step(cls, step: DomainStep) -> Self:
        return cls(
            event=step.event,
            url=step.url,
            url_matching=step.url_matching,
            text=step.text,
            text_matching=step.text_matching,
            href=step.href,
            href_matching=step.href_matching,
            selector=step.selector,
            tag_name=step.tag_name,
            properties=[StoredPropertyFilter.from_filter(item) for item in step.properties],
        )


def _show_steps(root: strawberry.Parent["Action"]) -> list[ActionStep]:
    return [ActionStep.from_step(step) for step in load_action(root.record).steps]


@strawberry.federation.type(
    keys=["projectId id"],
    description="A named activity of users: an event is the action if it matches at least one of its steps.",
)
class Action(Saved):
    resource: ClassVar[Resource] = ACTION
    saved: ClassVar[SavedResource[ActionRecord]] = SAVED_ACTIONS
    record: strawberry.Private[ActionRecord]

    steps: list[ActionStep] = strawberry.field(
        directives=assumed_size(5),
        resolver=_show_steps,
        description="The steps. An action without steps matches every event.",
    )


@strawberry.type
class ActionMutations:
    @guarded_field(scopes=[WRITE_SCOPE], gate=CREATE_GATE, description="Create an action.")
    async def action_create(
        self,
        info: ContextInfo,
        input: Annotated[ActionCreateInput, strawberry.argument(description="The action to create.")],
    ) -> Action:
        context = info.context
        project = await info.context.reach(input.project_id)
        with under_input():
            record = await create_action(
                context,
                project,
                name=read_name(input.name),
                description=read_description(input.description),
                steps=read_steps(input.steps, max_filters=context.settings.max_filters),
            )
        return Action.from_record(project, record)

    @guarded_field(
        scopes=[WRITE_SCOPE],
        gate=WRITE_GATE,
        description="Change an action; fields that are left out keep their values.",
    )
    async def action_update(
        self,
        info: ContextInfo,
        input: Annotated[ActionUpdateInput, strawberry.argument(description="The changes.")],
    ) -> Action:
        context = info.context
        project = await info.context.reach(input.project_id)
        read = partial(read_steps, max_filters=context.settings.max_filters)
        with under_input():
            record = await update_action(
                context,
                project,
                input.id,
                name=read_change(input.name, "name", read_name),
                description=read_change(input.description, "description", read_description),
                steps=read_change(input.steps, "steps", read),
            )
        return Action.from_record(project, record)

    @guarded_field(
        scopes=[WRITE_SCOPE],
        gate=WRITE_GATE,
        description="Delete an action, unless insights or cohorts use it.",
    )
    async def action_delete(
        self,
        info: ContextInfo,
        project_id: ProjectId,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="The id of the action, which is also the result.")
        ],
    ) -> strawberry.ID:
        project = await info.context.reach(project_id)
        await delete_action(info.context, project, id)
        return id
