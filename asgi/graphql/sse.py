"""GraphQL over Server-Sent Events, in "distinct connections mode"."""

from collections.abc import AsyncGenerator, Mapping

from starlette.responses import StreamingResponse
from strawberry.http.streaming import SSETransport

from asgi.negotiation import prefers_events


class EventTransport(SSETransport):
    """Strawberry's transport, for clients that prefer events and read lines ending in LF."""

    def accepts(self, accept: str) -> bool:
        # Some clients list events in every request, as one of the formats they can read.
        return prefers_events(accept)

    def encode_event(self, event: str, data: str | None = None) -> str:
        # Not every client knows the other line endings that the format allows.
        return f"event: {event}\ndata: {data or ''}\n\n"

    def encode_comment(self, comment: str) -> str:
        return f": {comment}\n\n"


class EventStream(StreamingResponse):
    """A stream of events that can be closed."""

    def __init__(self, events: AsyncGenerator[str, None], headers: Mapping[str, str]) -> None:
        super().__init__(events, headers=headers)
        self.events = events
