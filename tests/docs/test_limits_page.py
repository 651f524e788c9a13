"""The tables of the page on limits."""

import re
from pathlib import Path

from errors import ErrorCode
from settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| [^|]+ \| `TRENDGATE_(\w+)` \| ([^|]+) \| ([^|]+) \|", PAGE, re.MULTILINE)
SIZES = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


def read_default(text: str) -> float:
    if text == "no limit":
        return 0
    number, _, size = text.replace(",", "").partition(" ")
    return float(number) * SIZES.get(size, 1)


def test_defaults_are_those_of_the_settings() -> None:
    assert len(ROWS) > 15
    expected = {name: Settings.model_fields[name.lower()].default for name, _, _ in ROWS}
    assert {name: read_default(default) for name, default, _ in ROWS} == expected


def test_codes_exist() -> None:
    codes = {code for _, _, code in ROWS} - {"HTTP status 413", "none; further queries wait"}
    assert codes <= set(ErrorCode)
