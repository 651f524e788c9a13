"""The entry points: the ASGI application factory, and the command line."""

from typing import TYPE_CHECKING

from datasource.private_files import set_private_umask

if TYPE_CHECKING:
    from starlette.applications import Starlette


def create_app() -> "Starlette":
    """Create the application from the environment's settings, for another server.

    Such as `uvicorn --no-access-log --factory server:create_app`.
    """
    from asgi.app import create_app as create

    set_private_umask()
    return create()


def main() -> None:
    set_private_umask()
    try:
        from commands import build_cli

        build_cli()()
    except KeyboardInterrupt:
        # Ctrl-C during the imports, before the commands handle it
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
