"""How a refusal looks on the command line: what is wrong, what to do about it, and status 1."""

from typing import Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from errors import BadUserInput, GatewayError
from settings import Settings


class RefusalGroup(TyperGroup):
    """Catches what any command below it refuses; anything else is a defect and keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except GatewayError as refusal:
            print_refusal(refusal)
            raise typer.Exit(1) from refusal


def print_refusal(refusal: GatewayError) -> None:
    typer.echo(f"error: {refusal.message}", err=True)
    if refusal.hint:
        typer.echo(f"hint: {refusal.hint}", err=True)


def load_settings() -> Settings:
    """The settings of the environment; raises BadUserInput that names every variable in the wrong."""
    try:
        return Settings()
    except ValidationError as exc:
        prefix = Settings.model_config.get("env_prefix", "")
        problems = (
            f"{prefix}{'.'.join(map(str, error['loc']))}".upper() + f": {error['msg']}"
            for error in exc.errors(include_input=False, include_url=False)
        )
        raise BadUserInput(
            f"The settings cannot be used. {'; '.join(problems)}.",
            hint="Correct the environment variable, or unset it to get the default.",
        ) from exc
