"""The ASGI app, for servers that import it, and the command line's entry point."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.applications import Starlette


def create_app() -> "Starlette":
    """The application with the environment's settings: `uvicorn --factory server:create_app`."""
    from asgi.app import create_app as create

    return create()


def main() -> None:
    try:
        from commands import build_cli

        build_cli()()
    except KeyboardInterrupt:
        # Ctrl-C while the libraries are still being imported.
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
