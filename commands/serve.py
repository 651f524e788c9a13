import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from commands.bind import bind, server_url
from commands.environment import data_folder_in_use, load_settings, require_own_tables
from commands.supervisor import Supervisor, require_servers
from errors import BadUserInput
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
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            help="Processes; more than one need a ClickHouse server. SIGHUP replaces them one by one.",
            show_default="TRENDGATE_WORKERS",
        ),
    ] = None,
    inherited: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve GraphQL at /graphql until you press Ctrl-C."""
    options = {"host": host, "port": port, "workers": workers}
    given = {name: value for name, value in options.items() if value is not None}
    settings = load_settings().model_copy(update=given)
    configure_logging(settings)
    if inherited is not None:
        _serve_as_worker(settings, inherited)
        return
    if demo:
        require_own_tables(settings, "serve --demo")
    if settings.workers > 1:
        _serve_with_workers(settings, with_demo=demo)
        return
    # Bind first: loading the demo takes a while, and a port in use should be reported before it.
    with bind(settings.host, settings.port) as listener, export_traces():
        service = Service(settings, listener, with_demo=demo, on_start=partial(announce, listener))
        run_on_event_loop(service.run())


def _serve_with_workers(settings: Settings, *, with_demo: bool) -> None:
    require_servers(settings)
    if with_demo:
        raise BadUserInput("The demo needs one worker.", hint="Load it with one, then serve it with several.")
    with bind(settings.host, settings.port) as listener:
        on_start = partial(announce, listener, _folder_lines(settings))
        supervisor = Supervisor(listener, settings, on_start=on_start)
        asyncio.run(supervisor.run())


def _serve_as_worker(settings: Settings, inherited: str) -> None:
    """Serve on the socket of a supervisor, until a signal stops it or the supervisor ends."""
    listening, ready, alive = map(int, inherited.split(","))

    def report(_: list[str]) -> None:
        os.write(ready, b"1")
        os.close(ready)

    with socket.socket(fileno=listening) as listener, export_traces():
        service = Service(settings, listener, with_demo=False, on_start=report)
        run_on_event_loop(service.run(while_open=alive))


def _folder_lines(settings: Settings) -> list[str]:
    folder = data_folder_in_use(settings)
    return [f"Data folder: {folder}"] if folder else []


def announce(listener: socket.socket, lines: Sequence[str]) -> None:
    """Print where the gateway is."""
    console = new_console()
    console.print(f"Trendgate: {server_url(listener)}/graphql")
    for line in lines:
        console.print(line)
    console.print("Press Ctrl-C to stop.")


def new_console() -> Console:
    return Console(highlight=False, markup=False, soft_wrap=True)


def run_on_event_loop(work: Coroutine[Any, Any, None]) -> None:
    from asgi.server import new_event_loop

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(work)


class Service:
    """The server, from opening its stores to closing them. Ctrl-C and SIGTERM shut it down cleanly at any time."""

    def __init__(
        self,
        settings: Settings,
        listener: socket.socket,
        *,
        with_demo: bool,
        on_start: Callable[[list[str]], None],
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._with_demo = with_demo
        self._on_start = on_start
        self._server: Server | None = None
        self._is_stopping = False

    async def run(self, *, while_open: int | None = None) -> None:
        """Serve until stopped, or until the other end of a pipe is closed; raise whatever prevents serving."""
        loop = asyncio.get_running_loop()
        work = asyncio.create_task(self._work())

        def end() -> None:
            loop.remove_reader(while_open or 0)
            self._stop(work)

        if while_open is not None:
            loop.add_reader(while_open, end)
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
            lines = _folder_lines(self._settings)
            if self._with_demo:
                lines += await self._prepare_demo(stores)
            if self._is_stopping:  # a signal arrived during work that cannot be cancelled
                return
            app = create_app(self._settings, stores=stores)
            # Modules and the schema never become garbage; scanning them took the collector 100 ms at a time.
            gc.collect()
            gc.freeze()
            self._server = Server(app, self._settings, on_start=lambda: self._on_start(lines))
            await self._server.serve(sockets=[self._listener])

    async def _prepare_demo(self, stores: "Stores") -> list[str]:
        from commands.demo import prepare_demo

        demo = await prepare_demo(self._settings, stores.metadata, stores.events, new_console())
        # Browsers do not send what follows the #, so that the key appears in no log.
        page = [f"Open {server_url(self._listener)}/graphql#key={demo.key}"] if self._settings.graphiql else []
        return [f"Project id: {demo.project_id}", f"API key: {demo.key}", *page]


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
