"""The settings of a command, from the environment, and which commands they allow."""

from pathlib import Path

from pydantic import ValidationError

from errors import BadUserInput, NotAvailable
from settings import Settings


def load_settings() -> Settings:
    """Load the settings. Raises BadUserInput that names every invalid variable."""
    try:
        return Settings()
    except ValidationError as exc:
        prefix = Settings.model_config.get("env_prefix", "")
        problems = (
            f"{prefix}{'.'.join(map(str, error['loc']))}".upper() + f": {error['msg']}"
            for error in exc.errors(include_input=False, include_url=False)
        )
        raise BadUserInput(
            "Invalid settings. {problems}.",
            problems="; ".join(problems),
            hint="Correct the environment variable, or unset it to use the default.",
        ) from exc


def data_folder_in_use(settings: Settings) -> Path | None:
    """The absolute path of the data folder, if one of the stores is in it."""
    has_store = settings.database_url is None or settings.clickhouse_url is None
    return settings.data_dir.absolute() if has_store else None


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
