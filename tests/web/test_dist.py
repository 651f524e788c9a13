"""The committed build of the page is up to date, complete, and loads nothing from other hosts."""

import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

WEB = Path(__file__).parents[2] / "web"
DIST = WEB / "dist"
BASE = "/graphql/"

SOURCE_FILES = ("index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts")
SOURCE_FOLDERS = ("plugins", "src")

SCRIPTS = sorted(DIST.glob("assets/*.js"))
STYLES = sorted(DIST.glob("assets/*.css"))

# Code that names a file to load: import "x", import("x"), new URL("x", import.meta.url).
LOADED_BY_SCRIPT = re.compile(
    r"""(?:\bfrom|\bimport|\bimportScripts)\s*\(?\s*["'`]([^"'`]+)["'`]"""
    r"""|\bnew URL\(\s*["'`]([^"'`]+)["'`]\s*,"""
)
# Vite's list of the files that a lazily loaded chunk needs.
PRELOADED = re.compile(r"""["'`]((?:\./|assets/)?[\w.-]+-[\w-]{8}\.(?:js|css|ttf))["'`]""")
LOADED_BY_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?([^"')\s;]+)""")


class PageReader(HTMLParser):
    """Collects the URLs that the page loads, its inline scripts, and its inline event handlers and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.inline_scripts = 0
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.fetched += [value for name, value in attrs if name in ("src", "href", "srcset") and value]
        self.handlers += [name for name in given if name.startswith("on") or name == "style"]
        self.inline_scripts += tag == "script" and "src" not in given


@pytest.fixture(scope="module")
def page() -> PageReader:
    reader = PageReader()
    reader.feed((DIST / "index.html").read_text(encoding="utf-8"))
    return reader


def hash_sources() -> dict[str, str]:
    in_folders = (path for folder in SOURCE_FOLDERS for path in (WEB / folder).rglob("*") if path.is_file())
    paths = [*(WEB / name for name in SOURCE_FILES), *in_folders]
    return {
        path.relative_to(WEB).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths)
    }


def names_of_files_loaded(script: str) -> set[str]:
    from_code = {first or second for first, second in LOADED_BY_SCRIPT.findall(script)}
    relative = {name for name in from_code if name.startswith((".", "/")) or "://" in name}
    return relative | set(PRELOADED.findall(script))


def test_build_is_up_to_date_with_the_sources() -> None:
    lines = (DIST / "SOURCES.sha256").read_text(encoding="utf-8").splitlines()
    built = {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    assert built == hash_sources(), "web/dist is stale: run `make web` and commit it"


def test_page_refers_to_files_that_exist(page: PageReader) -> None:
    files = [reference for reference in page.fetched if not reference.startswith("data:")]
    assert files, "the page loads no files"
    for reference in files:
        assert reference.startswith(f"{BASE}assets/"), reference
        assert (DIST / reference.removeprefix(BASE)).is_file(), reference


def test_page_has_no_inline_scripts_or_styles(page: PageReader) -> None:
    assert page.inline_scripts == 0
    assert page.handlers == []


def test_page_refers_to_no_other_host(page: PageReader) -> None:
    assert [reference for reference in page.fetched if urlsplit(reference).netloc] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_loads_only_files_that_exist(script: Path) -> None:
    for name in names_of_files_loaded(script.read_text(encoding="utf-8")):
        assert not urlsplit(name).netloc, f"{script.name} loads {name} from another host"
        assert (script.parent / Path(name).name).is_file(), f"{script.name} loads {name}, which does not exist"


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.name)
def test_style_loads_only_files_that_exist(style: Path) -> None:
    for reference in LOADED_BY_STYLE.findall(style.read_text(encoding="utf-8")):
        if reference.startswith(("data:", "#")):
            continue
        assert not urlsplit(reference).netloc, f"{style.name} loads {reference} from another host"
        assert (style.parent / reference).is_file(), f"{style.name} loads {reference}, which does not exist"


def test_every_asset_is_loaded_by_another_file(page: PageReader) -> None:
    loaded = {Path(reference).name for reference in page.fetched}
    for script in SCRIPTS:
        loaded |= {Path(name).name for name in names_of_files_loaded(script.read_text(encoding="utf-8"))}
    for style in STYLES:
        loaded |= {Path(name).name for name in LOADED_BY_STYLE.findall(style.read_text(encoding="utf-8"))}
    assert {path.name for path in (DIST / "assets").iterdir()} - loaded == set()


@pytest.mark.parametrize("built_from", [b"/web/node_modules/", b"/web/src/"])
def test_build_contains_no_paths_of_the_build_machine(built_from: bytes) -> None:
    assert [path.name for path in DIST.rglob("*") if path.is_file() and built_from in path.read_bytes()] == []


def test_build_has_no_source_maps() -> None:
    assert list(DIST.rglob("*.map")) == []
    for script in SCRIPTS:
        assert "sourceMappingURL=" not in script.read_text(encoding="utf-8"), script.name


def test_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (WEB / "package-lock.json").read_text(encoding="utf-8")


def test_licences_cover_every_dependency_of_the_page() -> None:
    licences = (DIST / "THIRD_PARTY_LICENSES.txt").read_text(encoding="utf-8")
    titles = re.findall(r"^(\S+) \d\S* \(.+\)$", licences, flags=re.MULTILINE)
    manifest = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    assert set(manifest["dependencies"]) - set(titles) == set()
