"""What is installed for these tests."""

import json

from tests.federation import node

LOCK = json.loads((node.HERE / "package-lock.json").read_text(encoding="utf-8"))


def test_lock_file_names_no_registry() -> None:
    assert [name for name, package in LOCK["packages"].items() if "resolved" in package] == []


def test_only_the_composer_of_apollo_is_not_open_source() -> None:
    """Its licence allows to test with it, not to ship it: see README.md."""
    restricted = {name for name, package in LOCK["packages"].items() if "Elastic" in str(package.get("license"))}
    assert restricted == {
        f"node_modules/@apollo/{name}" for name in ("composition", "federation-internals", "query-graphs")
    }
