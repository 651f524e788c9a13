"""Manifests of operations: their formats, and their validation against the schema."""

import json
from pathlib import Path

import pytest

from errors import BadUserInput
from schema.build import build_schema, print_sdl
from schema.extensions.manifest import APOLLO_FORMAT, read_manifest
from settings import Settings

NAME = "query Name { __typename }"


def apollo(*operations: object, version: object = 1) -> object:
    return {"format": APOLLO_FORMAT, "version": version, "operations": [*operations]}


def entry(id: object = "abc", body: object = NAME) -> dict[str, object]:
    return {"id": id, "name": "Name", "type": "query", "body": body}


def write(folder: Path, document: object) -> Path:
    file = folder / "manifest.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


@pytest.mark.parametrize("document", [apollo(entry()), {"abc": NAME}])
def test_both_formats_are_read(tmp_path: Path, document: object) -> None:
    manifest = read_manifest(write(tmp_path, document))
    assert manifest.find("abc") == manifest.find("sha256:abc") == NAME
    assert manifest.find("ab") is None


def test_empty_manifests_are_read(tmp_path: Path) -> None:
    for document in (apollo(), {}):
        assert read_manifest(write(tmp_path, document)).operations == {}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "not a manifest"),
        ('"text"', "not a manifest"),
        ({"format": "other", "version": 1, "operations": []}, "unsupported format"),
        (apollo(version=2), "unsupported format or version"),
        ({"format": APOLLO_FORMAT, "version": 1}, "unsupported format"),
        (apollo(5), "needs an id and a document"),
        (apollo({"id": "a"}), "needs an id and a document"),
        (apollo(entry(id=5)), "needs an id and a document"),
        ({"a": {"text": "b"}}, "needs an id and a document"),
        (apollo(entry(), entry()), "duplicate id abc"),
    ],
)
def test_invalid_manifest_is_rejected(tmp_path: Path, document: object, message: str) -> None:
    with pytest.raises(BadUserInput, match=message) as caught:
        read_manifest(write(tmp_path, document))
    assert "TRENDGATE_OPERATIONS_MANIFEST" in caught.value.message


def test_missing_file_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(BadUserInput, match="cannot read"):
        read_manifest(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("query Trends { nope }", "operation Trends (abc) is invalid: Cannot query field 'nope'"),
        ("query Trends { project { name } }", "operation Trends (abc)"),
        ("query Trends {", "(abc) is invalid: Syntax Error"),
        ("query A { __typename } query B { __typename }", "2 operations instead of one"),
        ("fragment F on Query { __typename }", "0 operations instead of one"),
    ],
)
def test_operation_that_is_invalid_against_the_schema_is_named(tmp_path: Path, body: str, message: str) -> None:
    file = write(tmp_path, apollo(entry("fine"), entry(body=body)))
    with pytest.raises(BadUserInput) as caught:
        build_schema(Settings(operations_manifest=file))
    assert message in caught.value.message


def test_registered_operations_only_requires_a_manifest() -> None:
    with pytest.raises(BadUserInput, match="without a manifest"):
        build_schema(Settings(operations_registered_only=True))


def test_sdl_does_not_depend_on_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRENDGATE_OPERATIONS_MANIFEST", str(tmp_path / "none.json"))
    assert "type Project" in print_sdl()
