"""What the server can be told to do wrong."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hang:
    """Say nothing, not even that there is progress, until the connection or the server is closed."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Cut the connection: before any answer, or in the middle of the first block of rows."""

    mid_block: bool = False


@dataclass(frozen=True, slots=True)
class Slow:
    """Wait before the query is run."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Fail:
    """Answer an exception."""

    code: int
    text: str = "made up"


Fault = Hang | Drop | Slow | Fail
