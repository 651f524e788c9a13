"""Several server processes on one listening socket: starting, replacing and stopping them."""

import asyncio
import logging
import os
import secrets
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from errors import ErrorCode, GatewayError, NotAvailable
from settings import Settings

logger = logging.getLogger("trendgate.workers")

STOP_TIMEOUT_S: Final = 30.0
"""How long workers may take to stop; their requests have 10 seconds."""
LONGEST_RETRY_S: Final = 30.0


def require_servers(settings: Settings) -> None:
    """Raises NotAvailable if the events are in the embedded ClickHouse, which one process can open."""
    if settings.clickhouse_url is None:
        raise NotAvailable(
            "Several workers need a ClickHouse server.",
            hint="One process at a time opens the embedded one: set TRENDGATE_CLICKHOUSE_URL, or use one worker.",
        )


class Supervisor:
    """Runs workers, each the command line's `serve` on the given socket. It serves nothing itself.

    SIGHUP replaces the workers one by one, each once its successor serves. A worker that ends is replaced. Workers
    stop when the supervisor ends, however it ends, since they notice that the other end of a pipe is closed.
    """

    def __init__(self, listener: socket.socket, settings: Settings, *, on_start: Callable[[], None]) -> None:
        self._listener = listener
        self._count = settings.workers
        # Export links must work on every worker.
        secret = settings.secret_key.get_secret_value() if settings.secret_key else secrets.token_urlsafe(32)
        self._environment = {**os.environ, "TRENDGATE_WORKERS": "1", "TRENDGATE_SECRET_KEY": secret}
        self._on_start = on_start
        self._workers: list[Process] = []
        self._stopped = asyncio.Event()
        self._restarting = asyncio.Lock()
        self._restarts: set[asyncio.Task[None]] = set()
        self._alive, self._end_of_life = os.pipe()

    async def run(self) -> None:
        """Serve until Ctrl-C or SIGTERM. Raises GatewayError if a worker cannot start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._restart_soon)
        try:
            while len(self._workers) < self._count and not self._stopped.is_set():
                self._workers.append(await self._start())
            if not self._stopped.is_set():
                self._on_start()
                await self._keep_all()
        finally:
            await self._end_workers()
            os.close(self._end_of_life)
            os.close(self._alive)

    async def _keep_all(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            keeping = [tasks.create_task(self._keep(place)) for place in range(self._count)]
            await self._stopped.wait()
            for task in (*keeping, *self._restarts):
                task.cancel()

    def _stop(self) -> None:
        if self._stopped.is_set():  # once more: requests in progress are cancelled
            for worker in self._workers:
                _terminate(worker)
        self._stopped.set()

    async def _end_workers(self) -> None:
        for worker in self._workers:
            _terminate(worker)
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                for worker in self._workers:
                    await worker.wait()
        except TimeoutError:
            for worker in self._workers:
                with suppress(ProcessLookupError):
                    worker.kill()

    async def _keep(self, place: int) -> None:
        while True:
            worker = self._workers[place]
            status = await worker.wait()
            if self._workers[place] is worker:
                logger.warning("worker %d ended with status %d and is replaced", worker.pid, status)
                self._workers[place] = await self._start_eventually()

    async def _start_eventually(self) -> Process:
        wait_s = 1.0
        while True:
            try:
                return await self._start()
            except GatewayError as failure:
                logger.warning("%s The next attempt is in %d seconds.", failure.message, wait_s)
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, LONGEST_RETRY_S)

    def _restart_soon(self) -> None:
        restart = asyncio.create_task(self._restart())
        self._restarts.add(restart)
        restart.add_done_callback(self._restarts.discard)

    async def _restart(self) -> None:
        async with self._restarting:
            for place, old in enumerate(list(self._workers)):
                try:
                    successor = await self._start()
                except GatewayError as failure:
                    logger.warning("%s The other workers stay as they are.", failure.message)
                    return
                self._workers[place] = successor
                _terminate(old)
                await old.wait()
            logger.info("all workers were replaced")

    async def _start(self) -> Process:
        """Start a worker, and return it once it serves."""
        ready, is_ready = os.pipe()
        descriptors = (self._listener.fileno(), is_ready, self._alive)
        try:
            worker = await asyncio.create_subprocess_exec(
                *(sys.executable, sys.argv[0], "serve", "--inherited", ",".join(map(str, descriptors))),
                pass_fds=descriptors,
                env=self._environment,
                start_new_session=True,  # Ctrl-C in a terminal is for the supervisor, which stops its workers
            )
        finally:
            os.close(is_ready)
        try:
            if await _read(ready):
                return worker
            status = await worker.wait()
        except asyncio.CancelledError:
            _terminate(worker)
            raise
        finally:
            os.close(ready)
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "A worker did not start and ended with status {status}.",
            status=status,
            hint="Its own message is above.",
        )


async def _read(descriptor: int) -> bytes:
    """Read from a pipe; nothing once all writers have gone."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(descriptor, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, 1)


def _terminate(worker: Process) -> None:
    with suppress(ProcessLookupError):
        worker.terminate()
