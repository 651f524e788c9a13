"""What a command prints and how it ends."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from datasource.metadata.store import MetadataStore

ROOT = Path(__file__).parents[2]
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Outcome:
    status: int
    stdout: str
    stderr: str


Run = Callable[..., Outcome]


class InStore(Protocol):
    """Does something with the store that the commands use."""

    def __call__(self, action: Callable[[MetadataStore], Awaitable[Answer]]) -> Answer: ...


def lines(result: Outcome) -> list[list[str]]:
    """The table's lines, heading first, of a command that had nothing else to say."""
    assert result.status == 0, result.stderr
    assert result.stderr == ""
    return [line.split("\t") for line in result.stdout.splitlines()]


def said(result: Outcome) -> str:
    """What a command that succeeded said."""
    assert result.status == 0, result.stderr
    return result.stdout


def refusal_of(result: Outcome) -> str:
    assert result.status == 1, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


def changes(run: Run, *words: str) -> list[list[str]]:
    """What the audit log shows but for the times, the newest first."""
    _, *entries = lines(run("audit", *words))
    return [entry[1:] for entry in entries]
