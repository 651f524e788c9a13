"""The npm packages of these tests."""

import json

from tests.federation import scripts

LOCK = json.loads((scripts.HERE / "package-lock.json").read_text(encoding="utf-8"))


def test_lock_file_names_no_registry() -> None:
    assert [name for name, package in LOCK["packages"].items() if "resolved" in package] == []


def test_only_the_composer_of_apollo_is_not_open_source() -> None:
    """Its licence allows testing with it but not shipping it: see README.md."""
    restricted = {name for name, package in LOCK["packages"].items() if "Elastic" in str(package.get("license"))}
    assert restricted == {
        f"node_modules/@apollo/{name}" for name in ("composition", "federation-internals", "query-graphs")
    }
