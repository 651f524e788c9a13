"""The figures that ClickHouse writes into its refusals, as numbers."""

import re
from dataclasses import dataclass
from typing import Final

_SCALES: Final = {
    "": 1,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "quadrillion": 10**15,
    "B": 1,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
    "PiB": 2**50,
    "ns": 1e-9,
    "us": 1e-6,
    "ms": 1e-3,
    "sec": 1,
    "seconds": 1,
}
_FIGURE: Final = (
    r"(\d+(?:\.\d+)?)(?: (thousand|million|billion|trillion|quadrillion|[KMGTP]?iB|B|ns|us|ms|sec|seconds)\b)?"
)
_LIMIT: Final = re.compile(rf"\bmax(?:imum)?(?: rows| bytes)?: {_FIGURE}", re.IGNORECASE)
_ACTUAL: Final = re.compile(
    rf"\b(?:current (?:rows|bytes):|current:|elapsed|would use|has|Requested:|execution time \() ?{_FIGURE}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Figures:
    """A limit, and what there was or would have been; None where the text does not say it.

    ClickHouse rounds large numbers to a few digits, and stops to count when the limit is passed.
    """

    limit: float | None
    actual: float | None


def read_figures(text: str) -> Figures:
    """The figures of an exception text: rows, bytes or seconds, as its code has it."""
    return Figures(_number(_LIMIT.search(text)), _number(_ACTUAL.search(text)))


def describe(number: float, unit: str) -> str:
    """The number for people to read: "1,500,000 rows", "3.8 MiB"."""
    if unit == "seconds":
        return f"{number:,.3g} seconds" if number < 1000 else f"{number:,.0f} seconds"
    if unit != "bytes":
        return f"{number:,.0f} {unit}"
    for name in ("TiB", "GiB", "MiB", "KiB"):
        if number >= _SCALES[name]:
            return f"{number / _SCALES[name]:.3g} {name}"
    return f"{number:,.0f} bytes"


def _number(match: re.Match[str] | None) -> float | None:
    if match is None:
        return None
    number = float(match.group(1)) * _SCALES[match.group(2) or ""]
    return round(number) if number >= 1000 or number.is_integer() else round(number, 6)
