"""GraphQL over Server-Sent Events."""

from collections.abc import AsyncGenerator, Mapping

from starlette.responses import StreamingResponse
from strawberry.http.streaming import SSETransport

from asgi.negotiation import wants_events


class EventTransport(SSETransport):
    """GraphQL over Server-Sent Events, "distinct connections mode"."""

    def accepts(self, accept: str) -> bool:
        """Only where events are preferred: some clients name them in every request as something they can read."""
        return wants_events(accept)

    def encode_event(self, event: str, data: str | None = None) -> str:
        """Ends lines with LF alone: not every client knows the other ends that the format allows."""
        return f"event: {event}\ndata: {data or ''}\n\n"

    def encode_comment(self, comment: str) -> str:
        """What keeps a silent stream open."""
        return f": {comment}\n\n"


class EventStream(StreamingResponse):
    """A stream of events, which can be closed."""

    def __init__(self, events: AsyncGenerator[str, None], headers: Mapping[str, str]) -> None:
        super().__init__(events, headers=headers)
        self.events = events
