"""Manifests of operations: their formats, and that they fit the schema."""

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
    ("document", "said"),
    [
        ("{", "no JSON"),
        ("[]", "no manifest"),
        ('"text"', "no manifest"),
        ({"format": "other", "version": 1, "operations": []}, "another format"),
        (apollo(version=2), "another format or version"),
        ({"format": APOLLO_FORMAT, "version": 1}, "another format"),
        (apollo(5), "lacks its id or text"),
        (apollo({"id": "a"}), "lacks its id or text"),
        (apollo(entry(id=5)), "lacks its id or text"),
        ({"a": {"text": "b"}}, "lacks its id or text"),
        (apollo(entry(), entry()), "id abc is there twice"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, document: object, said: str) -> None:
    with pytest.raises(BadUserInput, match=said) as refusal:
        read_manifest(write(tmp_path, document))
    assert "TRENDGATE_OPERATIONS_MANIFEST" in refusal.value.message


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadUserInput, match="cannot be read"):
        read_manifest(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("query Trends { nope }", "operation Trends, abc, does not fit the schema: Cannot query field 'nope'"),
        ("query Trends { project { name } }", "operation Trends, abc"),
        ("query Trends {", "abc, does not fit the schema: Syntax Error"),
        ("query A { __typename } query B { __typename }", "2 operations instead of one"),
        ("fragment F on Query { __typename }", "0 operations instead of one"),
    ],
)
def test_operation_that_does_not_fit_the_schema_is_named(tmp_path: Path, body: str, said: str) -> None:
    file = write(tmp_path, apollo(entry("fine"), entry(body=body)))
    with pytest.raises(BadUserInput) as refusal:
        build_schema(Settings(operations_manifest=file))
    assert said in refusal.value.message


def test_nothing_but_registered_operations_takes_a_manifest() -> None:
    with pytest.raises(BadUserInput, match="without a manifest"):
        build_schema(Settings(operations_registered_only=True))


def test_sdl_is_printed_whatever_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRENDGATE_OPERATIONS_MANIFEST", str(tmp_path / "none.json"))
    assert "type Project" in print_sdl()
