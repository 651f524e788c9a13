"""README's table of settings."""

import re
from pathlib import Path

from settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_table_lists_every_setting_with_its_default_and_description() -> None:
    rows = re.findall(r"^\| `TRENDGATE_(\w+)` \| (.*?) \| (.*) \|$", README, re.MULTILINE)
    assert rows == [
        (name.upper(), "" if field.default is None else str(field.default), field.description)
        for name, field in Settings.model_fields.items()
    ]
