"""The output and exit status of commands."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from datasource.metadata.store import MetadataStore

ROOT = Path(__file__).parents[2]
T = TypeVar("T")


@dataclass(frozen=True)
class CommandResult:
    status: int
    stdout: str
    stderr: str


Run = Callable[..., CommandResult]


class InStore(Protocol):
    """Runs an action on the store of the commands."""

    def __call__(self, action: Callable[[MetadataStore], Awaitable[T]]) -> T: ...


def table_rows(result: CommandResult) -> list[list[str]]:
    """The rows of the printed table, header first, of a command that printed nothing else."""
    assert result.status == 0, result.stderr
    assert result.stderr == ""
    return [line.split("\t") for line in result.stdout.splitlines()]


def stdout_of(result: CommandResult) -> str:
    """Standard output of a command that succeeded."""
    assert result.status == 0, result.stderr
    return result.stdout


def error_of(result: CommandResult) -> str:
    assert result.status == 1, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


def audit_entries(run: Run, *words: str) -> list[list[str]]:
    """The audit log without its times, newest first."""
    _, *entries = table_rows(run("audit", *words))
    return [entry[1:] for entry in entries]
