"""The security page names tests and pages that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_named_tests_exist() -> None:
    named = re.findall(r"`(tests/[\w./]+)`", PAGE)
    assert len(named) > 15
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_links_lead_to_pages_and_their_headings() -> None:
    for target, heading in re.findall(r"\]\(([\w./-]+\.md)(?:#([\w-]+))?\)", PAGE):
        page = (ROOT / "docs" / target).resolve()
        assert page.is_file(), target
        headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert not heading or heading in {each.lower().replace(" ", "-") for each in headings}, (target, heading)


def test_settings_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    settings = set(re.findall(r"`(TRENDGATE_\w+)`", PAGE))
    assert settings
    assert [name for name in settings if f"| `{name}` |" not in readme] == []
