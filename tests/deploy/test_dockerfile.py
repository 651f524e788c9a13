"""The image, as far as it can be tested without a container engine."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import httpx2
import pytest
from packaging.requirements import Requirement

from tests.datasource.clickhouse.native_servers import serving
from tests.deploy.dockerfile import DOCKERFILE, INSTRUCTIONS, ROOT, copied, environment, only
from tests.support.native_server import Backend
from tests.support.postgres_server import PostgresServer

PROGRAMS = Path(sys.executable).parent
# With -S the interpreter does not find the packages of the development environment.
PYTHON = [sys.executable, "-S"]


def lint(dockerfile: Path) -> str:
    command = [str(PROGRAMS / "hadolint"), "--no-color", str(dockerfile)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_linter_finds_nothing() -> None:
    assert lint(DOCKERFILE) == ""


def test_linter_finds_a_relative_workdir(tmp_path: Path) -> None:
    invalid = tmp_path / "Dockerfile"
    invalid.write_text(DOCKERFILE.read_text().replace("WORKDIR /app", "WORKDIR app", 1))
    assert "Use absolute WORKDIR" in lint(invalid)


def test_every_copied_file_exists_and_is_not_ignored() -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for source, _ in copied():
        assert source.exists(), source
        assert source.relative_to(ROOT).as_posix() in allowed
    assert len(allowed) == len(list(copied()))


def test_image_does_not_run_as_root() -> None:
    last = [each for each in INSTRUCTIONS if each.word == "USER"][-1]
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", last.rest)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of the image's lock file, in its versions, and no others."""
    folder = tmp_path_factory.mktemp("packages")
    lines = re.findall(r"^[a-z0-9-]+==[^\\\n]+", (ROOT / "requirements" / "server.lock").read_text(), re.MULTILINE)
    for requirement in map(Requirement, lines):
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        found = distribution(requirement.name)
        assert found.version in requirement.specifier, requirement
        for entry in {file.parts[0] for file in found.files or () if file.parts[0] != ".."}:
            link, target = folder / entry, Path(str(found.locate_file(entry)))
            if not link.exists():
                link.symlink_to(target)
    return folder


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The folder that is /app in the image, with the files that the build copies there."""
    for source, target in copied():
        place = tmp_path / (target.removeprefix("/") if target.startswith("/") else f"app/{target}")
        if source.is_dir():
            shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            assert target.endswith("/"), "the target is a folder"
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, place)
    app = tmp_path / "app"
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(app)], check=True)
    return app


@dataclass(frozen=True)
class Container:
    """Runs programs with the environment, files and packages of the image only."""

    app: Path
    environment: Mapping[str, str]

    def start(self, *words: str, **settings: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*PYTHON, *words],
            cwd=self.app,
            env={**self.environment, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, **settings: str) -> tuple[int, str, str]:
        with self.start(*words, **settings) as process:
            out, err = process.communicate(timeout=60)
        return process.returncode, out, err


@pytest.fixture
def container(
    image: Path, packages: Path, own_postgres: PostgresServer, backend: Backend, tmp_path: Path
) -> Iterator[Container]:
    (tmp_path / "data").mkdir()
    with serving(backend) as clickhouse:
        settings = {
            "PYTHONPATH": str(packages),
            "TRENDGATE_DATA_DIR": str(tmp_path / "data"),
            "TRENDGATE_HOST": "127.0.0.1",
            "TRENDGATE_CLICKHOUSE_URL": f"clickhouse://127.0.0.1:{clickhouse.port}/default?compression=lz4",
            "TRENDGATE_DATABASE_URL": own_postgres.url,
        }
        yield Container(image, {**environment(), "PATH": os.environ["PATH"], **settings})


def test_image_serves_with_store_servers_and_without_chdb(container: Container, tmp_path: Path) -> None:
    program = only("ENTRYPOINT").command[1:]
    files = sorted(container.app.rglob("*"))
    assert "No module named 'chdb'" in container.run("-c", "import chdb")[2]
    assert container.run(*program, "migrate")[::2] == (0, "")

    with container.start(*program, *only("CMD").command, TRENDGATE_PORT="0") as process:
        assert process.stdout is not None
        url = re.findall(r"http://[\d.]+:\d+", process.stdout.readline())[0]
        assert httpx2.get(f"{url}/readyz").json()["status"] == "ok"
        check, port = healthcheck(), url.rpartition(":")[2]
        assert container.run(*check, TRENDGATE_PORT=port) == (0, "", "")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    status, _, errors = container.run(*check, TRENDGATE_PORT=port)
    assert status == 1
    assert "Connection refused" in errors

    assert sorted(container.app.rglob("*")) == files, "nothing is written to the read-only file system"
    assert list((tmp_path / "data").iterdir()) == []


def healthcheck() -> list[str]:
    command = only("HEALTHCHECK").rest.partition("CMD ")[2]
    return [str(word) for word in json.loads(command)][1:]
