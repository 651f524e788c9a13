"""Sends hostile requests, and notes whatever the gateway must not do."""

import logging
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx2

from telemetry.logging import TextFormatter
from tests.hostile.case import Case
from tests.hostile.world import MARKER, NUMBER, World
from tests.support.loop_watchdog import Watchdog

LONGEST_S: Final = 5.0
LONGEST_LINE: Final = 5_000
LONGEST_ERRORS: Final = 20_000
TRIES: Final = 3
"""How often a slow request is sent before it counts: the machine may have been busy."""
_LEAKS: Final = re.compile(rf"{MARKER}|{NUMBER}|Traceback \(most recent|DB::|/site-packages/|sqlalchemy", re.I)
_CODES: Final = re.compile(r'"code": ?"([A-Z_]+)"')
_LOGGER: Final = logging.getLogger("trendgate")


@dataclass
class Attack:
    """Callers of a gateway, and what was found.

    `watchdog` watches a gateway in this process.
    """

    client: httpx2.AsyncClient
    world: World
    watchdog: Watchdog | None = None
    found: list[str] = field(default_factory=list)
    sent: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    slowest_s: float = 0.0

    async def send_all(self, cases: Sequence[Case] | Iterator[Case]) -> None:
        for case in cases:
            await self.send(case)

    def take(self) -> list[str]:
        """Return what was found since the last call."""
        taken, self.found = self.found, []
        return taken

    async def send(self, case: Case) -> None:
        """Send a request and check the answer, the log and the event loop."""
        self.sent += 1
        with logged() as lines:
            answer, slow = await self._time(case)
        for _ in range(TRIES - 1):
            if slow:
                slow = (await self._time(case))[1]
        bad_lines = [f"logged {line[-700:]!r}" for line in lines if self._is_bad(line)]
        faults = [*self._faults(case, answer), *bad_lines, *slow]
        self.found += [f"{case.name}: {fault}\n    {case.reproduction}" for fault in faults]

    async def _time(self, case: Case) -> tuple[httpx2.Response, list[str]]:
        """Return the answer, and what took too long."""
        headers = {"content-type": "application/json", **case.headers}
        key = self.world.keys[case.key]
        if key is not None:
            headers.setdefault("authorization", f"Bearer {key}")
        started = time.perf_counter()
        answer = await self.client.request(
            case.method, case.path, content=case.body, params=case.params or None, headers=headers
        )
        seconds = time.perf_counter() - started
        self.slowest_s = max(self.slowest_s, seconds)
        slow = [f"took {seconds:.1f} s"] if seconds > LONGEST_S else []
        held = self.watchdog.take() if self.watchdog else []
        return answer, slow + [f"held the event loop: {each}" for each in held]

    def _faults(self, case: Case, answer: httpx2.Response) -> Iterator[str]:
        text = answer.text
        codes = _CODES.findall(text)
        for code in set(codes) or [str(answer.status_code)]:
            self.codes[code] = self.codes.get(code, 0) + 1
        if answer.status_code >= 500 or "INTERNAL" in codes:
            yield f"answered {answer.status_code} {text[:500]}"
        if leak := self._leak(f"{text}{answer.headers}"):
            yield f"leaked {leak!r}"
        if codes and len(text) > LONGEST_ERRORS and '"data":null' in text:
            yield f"answered {len(text):,} characters with an error"
        if case.is_valid and ('"errors":[' in text or answer.status_code >= 400):
            yield f"refused {answer.status_code} {text[:500]}"

    def _leak(self, text: str) -> str | None:
        """What nobody may see, with the text around it."""
        if leak := _LEAKS.search(text):
            return text[max(0, leak.start() - 80) : leak.end() + 80]
        return next((f"a key, {name}" for name, key in self.world.keys.items() if key and key in text), None)

    def _is_bad(self, line: str) -> bool:
        too_long = len(line) > LONGEST_LINE
        return too_long or not line.isprintable() or line.startswith("ERROR") or self._leak(line) is not None


@contextmanager
def logged() -> Iterator[list[str]]:
    """Collect the lines of the gateway's log."""
    lines: list[str] = []
    formatter = TextFormatter("%(levelname)s %(name)s: %(message)s")

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(formatter.format(record))

    handler, level = Collector(), _LOGGER.level
    _LOGGER.addHandler(handler)
    _LOGGER.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        _LOGGER.removeHandler(handler)
        _LOGGER.setLevel(level)
