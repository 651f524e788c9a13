"""Notices applications that hold the event loop.

What counts is the CPU time of the loop's thread between two points at which it can run something else. Waiting for
the processor does not count, so that a busy machine makes no difference, and neither does the garbage collector,
whose time depends on what earlier tests left behind.
"""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, Final

import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

HELD_S: Final = 0.1
"""Twice the 50 ms that a request may take: CPU time doubles where other tests share the core."""

_IN_APPLICATION: Final[ContextVar[bool]] = ContextVar("in_application", default=False)
"""Set while an application runs, and so in the tasks and callbacks that it creates. Tests may take their time."""


class Watchdog:
    """Collects what held an event loop for longer than `held_s`, while it is installed."""

    def __init__(self, held_s: float = HELD_S) -> None:
        self.held_s = held_s
        self.found: list[str] = []
        self._collecting_s = 0.0
        self._collection_began = 0.0

    def take(self) -> list[str]:
        """Return what was found since the last call."""
        taken, self.found = self.found, []
        return taken

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Watch the callbacks of all event loops of asyncio, and every Starlette application."""
        run: Callable[[object], None] = vars(asyncio.Handle)["_run"]
        call = Starlette.__call__
        watchdog = self

        def run_watched(handle: Any) -> None:
            if handle._context.get(_IN_APPLICATION, False):
                with watchdog.timed(lambda: _describe(handle)):
                    run(handle)
            else:
                run(handle)

        async def call_watched(app: Starlette, scope: Scope, receive: Receive, send: Send) -> None:
            await Steps(call(app, scope, receive, send), watchdog, f"{scope['type']} {scope.get('path', '')}")

        patches = pytest.MonkeyPatch()
        patches.setattr(asyncio.Handle, "_run", run_watched)
        patches.setattr(Starlette, "__call__", call_watched)
        gc.callbacks.append(self._observe_collection)
        try:
            yield
        finally:
            gc.callbacks.remove(self._observe_collection)
            patches.undo()

    @contextmanager
    def timed(self, describe: Callable[[], str]) -> Iterator[None]:
        """Note what runs in the block if it takes too long."""
        collecting, began = self._collecting_s, time.thread_time()
        try:
            yield
        finally:
            held = time.thread_time() - began - (self._collecting_s - collecting)
            if held > self.held_s:
                self.found.append(f"{held * 1000:.0f} ms: {describe()}")

    def _observe_collection(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._collection_began = time.thread_time()
        else:
            self._collecting_s += time.thread_time() - self._collection_began


class Steps(Awaitable[None]):
    """Runs a coroutine, and times what it does between two suspensions."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], watchdog: Watchdog, name: str) -> None:
        self._steps = coroutine
        self._watchdog = watchdog
        self._name = name

    def __await__(self) -> Generator[Any, Any, None]:
        resume: Callable[[], Any] = partial(self._steps.send, None)
        while True:
            token = _IN_APPLICATION.set(True)
            try:
                with self._watchdog.timed(lambda: self._name):
                    awaited = resume()
            except StopIteration:
                return
            finally:
                _IN_APPLICATION.reset(token)
            try:
                resume = partial(self._steps.send, (yield awaited))
            except BaseException as error:
                resume = partial(self._steps.throw, error)


def _describe(handle: Any) -> str:
    task = getattr(handle._callback, "__self__", None)
    return repr(task.get_coro()) if isinstance(task, asyncio.Task) else repr(handle)
