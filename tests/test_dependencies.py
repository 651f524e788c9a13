"""Every imported package is declared as a dependency."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.test_imports import FOR_ALL, LAYERS, ROOT, imported, modules_of

# Packages that a declared one publishes separately. Pydantic reads TypedDict from typing-extensions.
COMES_WITH_ANOTHER = {
    "cross-web": "strawberry-graphql",
    "pydantic": "pydantic-settings",
    "pydantic-core": "pydantic-settings",
    "typing-extensions": "pydantic-settings",
}


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]
    return {re.split(r"[\[<>=~!; ]", requirement)[0] for requirement in requirements}


def test_every_imported_package_is_declared() -> None:
    ours = {*LAYERS, *FOR_ALL}
    names = {name for layer in ours for file in modules_of(layer, ROOT) for _, name in imported(file, ROOT)}
    owners = packages_distributions()
    known = declared()
    for name in sorted(names - ours - set(sys.stdlib_module_names)):
        found = {owner.lower().replace("_", "-") for owner in owners[name]}
        assert {COMES_WITH_ANOTHER.get(owner, owner) for owner in found} & known, f"{name} is not declared"
