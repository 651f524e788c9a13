"""Faults that a test can make the server have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hang:
    """Send nothing, not even progress, until the connection or the server is closed."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Cut the connection before any response, or in the middle of the first block of rows."""

    mid_block: bool = False


@dataclass(frozen=True, slots=True)
class Slow:
    """Wait before running the query."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Fail:
    """Respond with an exception."""

    code: int
    text: str = "made up"


Fault = Hang | Drop | Slow | Fail
