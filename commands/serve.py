import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from commands.bind import bind, server_url
from commands.environment import load_settings, require_own_tables
from settings import Settings
from telemetry.logging import configure_logging
from telemetry.tracing import export_traces

if TYPE_CHECKING:
    from asgi.server import Server
    from resolvers.stores import Stores


STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def register(cli: typer.Typer) -> None:
    cli.command()(serve)


def serve(
    demo: Annotated[bool, typer.Option("--demo", help="Load the demo project and create its key first.")] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="TRENDGATE_HOST")] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port to listen on; 0 picks a free one.", show_default="TRENDGATE_PORT"
        ),
    ] = None,
) -> None:
    """Serve GraphQL at /graphql until you press Ctrl-C."""
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = load_settings().model_copy(update=given)
    if demo:
        require_own_tables(settings, "serve --demo")
    configure_logging(settings)
    # Bind first: loading the demo takes a while, and a port in use should be reported before it.
    with bind(settings.host, settings.port) as listener, export_traces():
        run_on_event_loop(Service(settings, listener, with_demo=demo).run())


def run_on_event_loop(work: Coroutine[Any, Any, None]) -> None:
    from asgi.server import new_event_loop

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(work)


class Service:
    """The server, from opening its stores to closing them. Ctrl-C and SIGTERM shut it down cleanly at any time."""

    def __init__(self, settings: Settings, listener: socket.socket, *, with_demo: bool) -> None:
        self._settings = settings
        self._listener = listener
        self._with_demo = with_demo
        self._console = Console(highlight=False, markup=False, soft_wrap=True)
        self._server: Server | None = None
        self._is_stopping = False

    async def run(self) -> None:
        """Serve until stopped; raise whatever prevents serving."""
        work = asyncio.create_task(self._work())
        with on_stop_signals(lambda: self._stop(work)):
            await asyncio.wait({work})
        if not work.cancelled():
            work.result()

    def _stop(self, work: asyncio.Task[None]) -> None:
        self._is_stopping = True
        if self._server is None:
            work.cancel()
        else:
            self._server.stop()

    async def _work(self) -> None:
        from asgi.app import create_app
        from asgi.server import Server
        from resolvers.stores import open_stores

        async with open_stores(self._settings) as stores:
            lines = await self._prepare_demo(stores) if self._with_demo else []
            if self._is_stopping:  # a signal arrived during work that cannot be cancelled
                return
            app = create_app(self._settings, stores=stores)
            # Modules and the schema never become garbage; scanning them took the collector 100 ms at a time.
            gc.collect()
            gc.freeze()
            self._server = Server(app, self._settings, on_start=lambda: self._announce(lines))
            await self._server.serve(sockets=[self._listener])

    async def _prepare_demo(self, stores: "Stores") -> list[str]:
        from commands.demo import prepare_demo

        demo = await prepare_demo(self._settings, stores.metadata, stores.events, self._console)
        return [f"Project id: {demo.project_id}", f"API key: {demo.key}"]

    def _announce(self, lines: list[str]) -> None:
        self._console.print(f"Trendgate: {server_url(self._listener)}/graphql")
        for line in lines:
            self._console.print(line)
        self._console.print("Press Ctrl-C to stop.")


@contextmanager
def on_stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` in the running event loop for Ctrl-C and SIGTERM, until the block ends."""
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
