from pathlib import Path

import pytest

from datasource.metadata.engine import parse_database_url
from datasource.metadata.store import MetadataStore
from errors import BadUserInput


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("sqlite:///a.sqlite3", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:////tmp/a.sqlite3", "sqlite+aiosqlite"),
        ("postgresql://me@host/db", "postgresql+psycopg"),
        ("postgres://me@host/db", "postgresql+psycopg"),
        ("postgresql+psycopg://me@host/db", "postgresql+psycopg"),
    ],
)
def test_url_gets_the_driver_of_its_database(text: str, driver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasource.metadata.engine.find_spec", lambda name: name)
    assert parse_database_url(text).drivername == driver


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mysql://me:s3cret@host/db", "must be SQLite or PostgreSQL, not 'mysql'"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("me:s3cret@host", "is invalid"),
        ("postgresql://me:s3cret@host:port/db", "is invalid"),
        ("", "is invalid"),
    ],
)
def test_invalid_url_is_rejected_without_showing_its_password(text: str, message: str) -> None:
    with pytest.raises(BadUserInput, match=message) as caught:
        parse_database_url(text)
    assert "s3cret" not in f"{caught.value.message} {caught.value.hint}"
    assert "TRENDGATE_DATABASE_URL" in (caught.value.hint or "")


def test_postgresql_without_its_driver_hints_at_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasource.metadata.engine.find_spec", lambda _name: None)
    with pytest.raises(BadUserInput, match="requires the driver psycopg") as caught:
        parse_database_url("postgresql://me@host/db")
    assert "trendgate[postgres]" in (caught.value.hint or "")


def test_folder_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadUserInput, match="cannot be created") as caught:
        MetadataStore.open(f"sqlite:///{tmp_path / 'file' / 'folder' / 'm.sqlite3'}")
    assert "TRENDGATE_DATA_DIR" in (caught.value.hint or "")
