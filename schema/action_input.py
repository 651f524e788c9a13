"""Actions, as clients send them."""

import strawberry

from errors import BadUserInput
from resolvers.trends.actions import ActionStep, StringMatching
from resolvers.trends.query import InputPath
from schema.filters import PropertyFilterInput
from schema.input_checks import LONGEST_EXPRESSION, check_text

MAX_STEPS = 50


@strawberry.input(
    name="ActionStepInput",
    description="One way in which an action happens: an event that satisfies everything that is given.",
)
class ActionStepInput:
    event: str | None = strawberry.field(default=None, description="The event's name; null: every event.")
    url: str | None = strawberry.field(
        default=None, description="The address of the page, property $current_url of the event."
    )
    url_matching: StringMatching = strawberry.field(
        default=StringMatching.CONTAINS, description="How url is compared."
    )
    text: str | None = strawberry.field(
        default=None, description="For $autocapture alone: the text of an element, or of one around it."
    )
    text_matching: StringMatching = strawberry.field(
        default=StringMatching.EXACT, description="How text is compared."
    )
    href: str | None = strawberry.field(
        default=None, description="For $autocapture alone: where the element's link leads."
    )
    href_matching: StringMatching = strawberry.field(
        default=StringMatching.EXACT, description="How href is compared."
    )
    selector: str | None = strawberry.field(
        default=None, description="For $autocapture alone: a CSS selector, such as div.card > a#buy."
    )
    tag_name: str | None = strawberry.field(
        default=None, description="For $autocapture alone: the tag of the element, or of one around it."
    )
    properties: list[PropertyFilterInput] = strawberry.field(
        default_factory=list, description="Conditions on the event; all must hold."
    )

    def read(self, path: InputPath) -> ActionStep:
        """Raises BadUserInput below `path`."""
        self._check_texts(path)
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

    def _check_texts(self, path: InputPath) -> None:
        if self.event is not None:
            if not self.event:
                raise BadUserInput(
                    "The event's name is empty.", path=(*path, "event"), hint="null stands for every event."
                )
            check_text(self.event, (*path, "event"), what="The event's name")
        texts = {"url": self.url, "text": self.text, "href": self.href}
        for key, text in {**texts, "selector": self.selector, "tagName": self.tag_name}.items():
            if text is not None:
                check_text(text, (*path, key), what=f"The step's {key}", longest=LONGEST_EXPRESSION)


def read_steps(steps: list[ActionStepInput], *, max_filters: int) -> tuple[ActionStep, ...]:
    """Raises BadUserInput below ("steps",)."""
    if len(steps) > MAX_STEPS:
        raise BadUserInput(f"There are {len(steps)} steps; {MAX_STEPS} are allowed.", path=("steps",))
    count = sum(len(step.properties) for step in steps)
    if count > max_filters:
        raise BadUserInput(
            f"There are {count} property filters; {max_filters} are allowed.",
            path=("steps",),
            hint="Several values for one property fit into one filter: give a list as its value.",
        )
    return tuple(step.read(("steps", index)) for index, step in enumerate(steps))


@strawberry.input(name="ActionCreateInput", description="A new action.")
class ActionCreateInput:
    project_id: strawberry.ID = strawberry.field(description="The project it belongs to.")
    name: str = strawberry.field(description="What it is called, up to 400 characters.")
    description: str = strawberry.field(default="", description="What it is for.")
    steps: list[ActionStepInput] = strawberry.field(
        description="Up to 50 ways in which it happens; one is enough. Without any, every event is one."
    )


@strawberry.input(name="ActionUpdateInput", description="Changes of an action: what is left out stays.")
class ActionUpdateInput:
    project_id: strawberry.ID = strawberry.field(description="The project it belongs to.")
    id: strawberry.ID = strawberry.field(description="The action's id.")
    name: strawberry.Maybe[str | None] = strawberry.field(description="The new name.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="The new description.")
    steps: strawberry.Maybe[list[ActionStepInput] | None] = strawberry.field(
        description="The new steps, which replace all of the old ones."
    )
