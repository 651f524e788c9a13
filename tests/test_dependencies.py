"""What the code imports is what the package says that it needs."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.test_imports import FOR_ALL, LAYERS, ROOT, imported, modules_of

# Parts of a declared package that are published separately. Pydantic reads TypedDict from typing-extensions.
COMES_WITH_ANOTHER = {
    "cross-web": "strawberry-graphql",
    "pydantic": "pydantic-settings",
    "pydantic-core": "pydantic-settings",
    "typing-extensions": "pydantic-settings",
}


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    every = [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]
    return {re.split(r"[\[<>=~!; ]", requirement)[0] for requirement in every}


def test_every_package_that_is_imported_is_declared() -> None:
    ours = {*LAYERS, *FOR_ALL}
    names = {name for layer in ours for file in modules_of(layer, ROOT) for _, name in imported(file, ROOT)}
    owners = packages_distributions()
    known = declared()
    for name in sorted(names - ours - set(sys.stdlib_module_names)):
        found = {owner.lower().replace("_", "-") for owner in owners[name]}
        assert {COMES_WITH_ANOTHER.get(owner, owner) for owner in found} & known, f"{name} is not declared"
