"""Which commands work with which events layout."""

from errors import NotAvailable
from settings import Settings


def require_own_tables(settings: Settings, command: str) -> None:
    """Raises NotAvailable for a command that writes events, if the events are in another product's tables."""
    if settings.events_layout != "native":
        raise NotAvailable(
            "`{command}` is not available with TRENDGATE_EVENTS_LAYOUT={layout}, which is read-only.",
            command=command,
            layout=settings.events_layout,
            hint="See docs/posthog.md for what works with this layout.",
        )


def require_posthog(settings: Settings) -> None:
    """Raises NotAvailable unless the events are in the tables of a PostHog installation."""
    if settings.events_layout != "posthog":
        raise NotAvailable(
            "No PostHog installation is configured.",
            hint="Set TRENDGATE_EVENTS_LAYOUT=posthog; see docs/posthog.md.",
        )
