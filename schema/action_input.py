"""The inputs of actions."""

import strawberry

from errors import BadUserInput
from resolvers.trends.actions import ActionStep, StringMatching
from resolvers.trends.query import InputPath
from schema.filters import PropertyFilterInput
from schema.input_checks import LONGEST_EXPRESSION, check_text

MAX_STEPS = 50


@strawberry.input(
    name="ActionStepInput",
    description="Conditions on an event; it must meet all that are given.",
)
class ActionStepInput:
    event: str | None = strawberry.field(default=None, description="The name of the event; null for any event.")
    url: str | None = strawberry.field(
        default=None, description="The URL of the page, the event property $current_url."
    )
    url_matching: StringMatching = strawberry.field(
        default=StringMatching.CONTAINS, description="How url is compared."
    )
    text: str | None = strawberry.field(
        default=None, description="For $autocapture only: the text of the element or of one of its ancestors."
    )
    text_matching: StringMatching = strawberry.field(
        default=StringMatching.EXACT, description="How text is compared."
    )
    href: str | None = strawberry.field(
        default=None, description="For $autocapture only: the link target of the element."
    )
    href_matching: StringMatching = strawberry.field(
        default=StringMatching.EXACT, description="How href is compared."
    )
    selector: str | None = strawberry.field(
        default=None, description="For $autocapture only: a CSS selector, such as div.card > a#buy."
    )
    tag_name: str | None = strawberry.field(
        default=None, description="For $autocapture only: the tag of the element or of one of its ancestors."
    )
    properties: list[PropertyFilterInput] = strawberry.field(
        default_factory=list, description="Property filters on the event; all must match."
    )

    def read(self, path: InputPath) -> ActionStep:
        """Raises BadUserInput below `path`."""
        self._check_strings(path)
        filters = tuple(item.read((*path, "properties", index)) for index, item in enumerate(self.properties))
        return ActionStep(
            event=self.event,
            url=self.url,
            url_matching=self.url_matching,
            text=self.text,
            text_matching=self.text_matching,
            href=self.href,
            href_matching=self.href_matching,
            selector=self.selector,
            tag_name=self.tag_name,
            properties=filters,
        )

    def _check_strings(self, path: InputPath) -> None:
        if self.event is not None:
            if not self.event:
                raise BadUserInput(
                    "The name of the event is empty.", path=(*path, "event"), hint="Use null for any event."
                )
            check_text(self.event, (*path, "event"), what="The name of the event")
        strings = (
            ("url", "The URL", self.url),
            ("text", "The text", self.text),
            ("href", "The link target", self.href),
            ("selector", "The selector", self.selector),
            ("tag_name", "The tag name", self.tag_name),
        )
        for key, what, string in strings:
            if string is not None:
                check_text(string, (*path, key), what=what, longest=LONGEST_EXPRESSION)


def read_steps(steps: list[ActionStepInput], *, max_filters: int) -> tuple[ActionStep, ...]:
    """Raises BadUserInput below ("steps",)."""
    if len(steps) > MAX_STEPS:
        raise BadUserInput(
            "The action has {count} steps; at most {most} are allowed.",
            count=len(steps),
            most=MAX_STEPS,
            path=("steps",),
        )
    count = sum(len(step.properties) for step in steps)
    if count > max_filters:
        raise BadUserInput(
            "The action has {count} property filters; at most {most} are allowed.",
            count=count,
            most=max_filters,
            path=("steps",),
            hint="Combine filters on one property into one with a list of values.",
        )
    return tuple(step.read(("steps", index)) for index, step in enumerate(steps))


@strawberry.input(name="ActionCreateInput", description="The action to create.")
class ActionCreateInput:
    project_id: strawberry.ID = strawberry.field(description="The id of the project.")
    name: str = strawberry.field(description="The name, up to 400 characters.")
    description: str = strawberry.field(default="", description="The description, up to 10,000 characters.")
    steps: list[ActionStepInput] = strawberry.field(
        description="Up to 50 steps; an event must match at least one. Without steps, every event matches."
    )


@strawberry.input(
    name="ActionUpdateInput", description="The changes to an action; fields that are left out keep their values."
)
class ActionUpdateInput:
    project_id: strawberry.ID = strawberry.field(description="The id of the project.")
    id: strawberry.ID = strawberry.field(description="The id of the action.")
    name: strawberry.Maybe[str | None] = strawberry.field(description="The new name.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="The new description.")
    steps: strawberry.Maybe[list[ActionStepInput] | None] = strawberry.field(
        description="The new steps, which replace all existing ones."
    )
