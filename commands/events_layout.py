"""Commands that make sense in one of the layouts only."""

from errors import NotAvailable
from settings import Settings


def require_own_tables(settings: Settings, what: str) -> None:
    """Raises NOT_AVAILABLE for what takes tables of the gateway's own; `what` begins the sentence."""
    if settings.events_layout != "native":
        raise NotAvailable(
            f"{what} not available with TRENDGATE_EVENTS_LAYOUT={settings.events_layout}, which is read only.",
            hint="docs/posthog.md lists what works on such tables.",
        )


def require_posthog(settings: Settings) -> None:
    """Raises NOT_AVAILABLE where there is no installation to adopt from."""
    if settings.events_layout != "posthog":
        raise NotAvailable(
            "There is no PostHog installation to adopt from.",
            hint="Set TRENDGATE_EVENTS_LAYOUT=posthog; docs/posthog.md tells how.",
        )
