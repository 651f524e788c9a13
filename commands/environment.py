"""The settings of a command, from the environment."""

from pydantic import ValidationError

from errors import BadUserInput
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
