import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from datasource.metadata.actions import create_action
from datasource.metadata.cohorts import StoredMembership, create_cohort
from datasource.metadata.insights import create_insight
from datasource.metadata.members import get_member
from datasource.metadata.store import MetadataStore
from settings import Settings
from tests.support.command_line import ROOT, CommandResult, InStore, Run, T, run_here
from tests.support.metadata_stores import database_url, store

__all__ = ["database_url", "store"]

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a command, with its own store."""
    for name in [name for name in os.environ if name.startswith("TRENDGATE_")]:
        monkeypatch.delenv(name)
    return {"TRENDGATE_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def run(settings: dict[str, str]) -> Run:
    """Runs a command in this process, which is faster than starting one."""

    def run(*words: str, **more_settings: str) -> CommandResult:
        return run_here(settings | more_settings, *words)

    return run


@pytest.fixture
def start(settings: dict[str, str], tmp_path: Path) -> Run:
    """Runs a command in a new process, as an operator does, from another folder."""

    def start(*words: str, **more_settings: str) -> CommandResult:
        result = subprocess.run(
            [sys.executable, str(ROOT / "server.py"), *words],
            env=os.environ | settings | more_settings,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return CommandResult(status=result.returncode, stdout=result.stdout, stderr=result.stderr)

    return start


def in_store_of(environment: dict[str, str]) -> InStore:
    url = Settings(data_dir=Path(environment["TRENDGATE_DATA_DIR"])).metadata_url

    async def do(action: Callable[[MetadataStore], Awaitable[T]]) -> T:
        async with MetadataStore.open(url) as store:
            return await action(store)

    def in_store(action: Callable[[MetadataStore], Awaitable[T]]) -> T:
        return asyncio.run(do(action))

    return in_store


@pytest.fixture
def in_store(settings: dict[str, str]) -> InStore:
    return in_store_of(settings)


@pytest.fixture(scope="session")
def acme_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder that the fixture `acme` copies: it takes seconds to create."""
    folder = tmp_path_factory.mktemp("acme") / "data"
    environment = {"TRENDGATE_DATA_DIR": str(folder)}
    for words in (
        ("project", "create", "Flights", "--organization", "Acme"),
        ("member", "add", "boss@example.com", "--organization", "Acme", "--level", "owner"),
        ("member", "add", "ada@example.com", "--organization", "Acme"),
        ("member", "add", "bob@example.com", "--organization", "Acme"),
        ("role", "create", "Analysts", "--organization", "Acme"),
        ("role", "add", "Analysts", "ada@example.com", "--organization", "Acme"),
        ("project", "create", "Trains", "--organization", "Zeta"),
        ("member", "add", "eve@example.com", "--organization", "Zeta"),
        ("role", "create", "Guards", "--organization", "Zeta"),
    ):
        assert run_here(environment, *words).status == 0, words
    in_store_of(environment)(_save_things)
    return folder


@pytest.fixture
def acme(run: Run, settings: dict[str, str], acme_data: Path) -> Run:
    """Acme with an owner, two members, a role, a project and some saved objects, and a second organization, Zeta.

    The first insight was created by the owner, the second by ada.
    """
    shutil.copytree(acme_data, settings["TRENDGATE_DATA_DIR"])
    return run


async def _save_things(store: MetadataStore) -> None:
    for email, name in (("boss@example.com", "Delays"), ("ada@example.com", "Planes")):
        maker = await get_member(store, email=email)
        await create_insight(store, project_id=1, name=name, query={}, now=NOW, created_by=maker.id)
    await create_action(store, project_id=1, name="Departure", steps=[], now=NOW)
    membership = StoredMembership(is_static=False, groups=())
    await create_cohort(store, project_id=1, name="Jets", membership=membership, now=NOW)
