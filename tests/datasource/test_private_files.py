"""What the gateway stores is readable for its own account only."""

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from datasource.clickhouse.data_dir_lock import lock_data_dir
from datasource.loader.chunks import Reject, Rejects
from datasource.loader.rejects import RejectsFile
from datasource.metadata.store import MetadataStore, open_metadata
from datasource.private_files import make_data_dir
from settings import Settings
from tests.support.command_line import ROOT
from tests.support.trendgate_process import environment, run

SOME_REJECTED = 3


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def open_paths(folder: Path) -> list[Path]:
    """The folders and files that other accounts may do anything with. The mode of a link has no effect."""
    found = [folder, *(path for path in folder.rglob("*") if not path.is_symlink())]
    assert len(found) > 1
    return [path for path in found if mode_of(path) & 0o077]


@pytest.mark.slow
def test_command_line_stores_everything_privately(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    rows = tmp_path / "rows.jsonl"
    rows.write_bytes((ROOT / "docs/examples/events.jsonl").read_bytes() + b"{}\n")
    assert run(folder, "project", "create", "P").returncode == 0
    assert run(folder, "load", "--project", "1", rows).returncode == SOME_REJECTED
    names = {path.name for path in folder.rglob("*")}
    assert {"metadata.sqlite3", "events", "trendgate.lock", "rows.jsonl.rejects.jsonl"} <= names
    assert open_paths(folder) == []

    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert run(folder, "load", "--project", "1", rows).returncode == SOME_REJECTED
    assert open_paths(folder) == []


async def test_files_of_a_running_metadata_store_are_private(tmp_path: Path) -> None:
    async with open_metadata(Settings(data_dir=tmp_path / "data")) as store:
        await store.migrate()
        await store.ping()
        assert {path.name for path in (tmp_path / "data").iterdir()} >= {
            "metadata.sqlite3",
            "metadata.sqlite3-wal",
        }
        assert open_paths(tmp_path / "data") == []


def test_existing_metadata_file_is_closed_and_its_folder_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    files = [tmp_path / f"shop.db{suffix}" for suffix in ("", "-wal", "-shm")]
    for file in files:
        file.touch(0o644)
    MetadataStore.open(f"sqlite:///{files[0]}")
    assert [mode_of(file) for file in files] == [0o600] * 3
    assert mode_of(tmp_path) == 0o755


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), 0o700),
        (("metadata.sqlite3", "metadata.sqlite3-wal", "events", "demo-key", "a.rejects.jsonl"), 0o700),
        (("metadata.sqlite3", "notes.txt"), 0o755),
    ],
)
def test_data_folder_is_closed_unless_it_is_shared(tmp_path: Path, names: tuple[str, ...], expected: int) -> None:
    tmp_path.chmod(0o755)
    for name in names:
        (tmp_path / name).touch()
    make_data_dir(tmp_path)
    assert mode_of(tmp_path) == expected


def test_folder_of_events_is_closed_with_its_contents(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    inside = folder / "store" / "part"
    inside.mkdir(parents=True)
    (inside / "data.bin").touch(0o644)
    outside = tmp_path / "outside"
    outside.touch(0o644)
    (folder / "link").symlink_to(outside)
    lock_data_dir(folder).close()
    assert open_paths(folder) == []
    assert mode_of(outside) == 0o644


def test_rejected_rows_are_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "rejects.jsonl"
    with RejectsFile(path) as rejects:
        rejects.add(Path("rows.jsonl"), Rejects([Reject(1, "no event", b"{}")]))
    assert mode_of(path) == 0o600
    assert mode_of(path.parent) == 0o700


def test_folder_of_another_account_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    tmp_path.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", refuse)  # tests may run as root, whom no file refuses
    with caplog.at_level(logging.WARNING):
        make_data_dir(tmp_path)
    assert caplog.messages == [f"{tmp_path} stays readable for other accounts: Operation not permitted"]


@pytest.mark.slow
def test_application_of_another_server_creates_private_files(tmp_path: Path) -> None:
    code = "import server; server.create_app(); open('file', 'w').close()"
    path = {"PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(tmp_path / "data") | path, check=True
    )
    assert mode_of(tmp_path / "file") == 0o600
