"""Shell blocks of the docs work when pasted into a fresh checkout after `make run`.

Each page gets a checkout with a loaded demo. Its blocks run in order, command by command, except for the commands
in NOT_RUN. URLs of example servers are replaced by those of servers that the tests start.

The first command of a page that works on the metadata store runs in a shell. Later ones of the same plain form run
in this process: only their words are still of interest, and starting a process takes longer than the command.
"""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.datasource.clickhouse.native_servers import serving
from tests.support.command_line import run_here
from tests.support.demo_server import ROOT, copy_data, serve_demo
from tests.support.native_server import Backend
from tests.support.postgres_server import PostgresServer

PAGES = ("README.md", "docs/loading.md", "docs/access-control.md", "docs/federation.md", "docs/deployment.md")
NOT_RUN: Mapping[str, str] = {
    "make ": "installs and serves, or runs the tests",
    "docker ": "needs a container engine",
    "cd deploy": "is for the docker commands that follow it",
    "python3 -m venv .venv-server": "the checkout has a link to an environment instead",
    ".venv-server/bin/pip install": "needs a package registry",
    "clickhouse-client ": "needs ClickHouse's own client, and a disk for backups",
    "redis-cli ": "needs a Redis server",
}
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".trendgate", ".*_cache", "node_modules", "tests", "__pycache__"
)
STORE_COMMAND = re.compile(
    r"\.venv/bin/trendgate (?:access|audit|key|member|organization|project|role)(?: [\w@.:-]+)+"
)
"""A command of the metadata store without anything that a shell would interpret."""
READY = "Press Ctrl-C to stop.\n"


@dataclass(frozen=True)
class Command:
    text: str
    line: int


@dataclass
class Shell:
    """Runs commands in the checkout. Variables that a command exports stay exported for the next one."""

    folder: Path
    replacements: Mapping[str, str]
    exports: list[str] = field(default_factory=list)
    has_started_command: bool = False

    def run(self, command: Command) -> None:
        text = self._localize(command.text)
        is_store_command = STORE_COMMAND.fullmatch(text) is not None
        if text.startswith("export "):
            self.exports.append(text)
        elif re.search(r"\bserve\b", text):
            self._serve(text)
        elif is_store_command and self.has_started_command and not self.exports:
            self._run_here(text, command.line)
        else:
            self.has_started_command = is_store_command or self.has_started_command
            done = subprocess.run(
                self._bash(text), cwd=self.folder, env=_environment(), capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"line {command.line}: {text}\n{done.stdout}{done.stderr}"

    def _run_here(self, text: str, line: int) -> None:
        with contextlib.chdir(self.folder):
            done = run_here({}, *shlex.split(text)[1:])
        assert done.status == 0, f"line {line}: {text}\n{done.stdout}{done.stderr}"

    def _serve(self, text: str) -> None:
        with subprocess.Popen(
            self._bash(f"exec {text} --port 0"),
            cwd=self.folder,
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            output = ""
            while not output.endswith(READY):
                line = process.stdout.readline()
                assert line, f"{text}\n{output}"
                output += line
            process.send_signal(signal.SIGINT)
            process.communicate()
        assert process.returncode in {0, 130}

    def _bash(self, text: str) -> list[str]:
        return ["bash", "-euo", "pipefail", "-c", "\n".join([*self.exports, text])]

    def _localize(self, text: str) -> str:
        for example, local in self.replacements.items():
            text = text.replace(example, local)
        return text


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TRENDGATE_")}


def read_commands(page: str) -> list[Command]:
    """The commands of all `sh` blocks; continued lines are one command, comments are left out."""
    text = (ROOT / page).read_text(encoding="utf-8")
    commands = []
    for block in re.finditer(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        line = text.count("\n", 0, block.start()) + 2
        for command in re.findall(r"(?:.*\\\n)*.*\n", block[1]):
            if stripped := re.sub(r"(^|\s+)# .*", "", command).strip():
                commands.append(Command(stripped, line))
            line += command.count("\n")
    return commands


def reason_not_to_run(command: Command) -> str | None:
    return next((reason for start, reason in NOT_RUN.items() if command.text.startswith(start)), None)


@pytest.fixture(scope="module")
def demo_folder(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which `make run` has loaded the demo."""
    folder = tmp_path_factory.mktemp("demo") / "checkout"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    environment = Path(sys.executable).parents[1]
    (folder / ".venv").symlink_to(environment)
    (folder / ".venv-server").symlink_to(environment)
    copy_data(demo_data, folder / ".trendgate")
    return folder


@pytest.fixture(scope="module")
def demo_url(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that has been started in the checkout, for the requests of all pages."""
    folder = copy_data(demo_folder / ".trendgate", tmp_path_factory.mktemp("served") / "data")
    with serve_demo(folder, demo_folder) as demo:
        yield demo.url


@pytest.fixture
def replacements(page: str, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The local addresses of the servers that a page mentions."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = {"?sslmode=verify-full": "", ",ch2.example.com:9440": ""}
    if "http://127.0.0.1:8000" in text:
        found["http://127.0.0.1:8000"] = request.getfixturevalue("demo_url")
    if "@db.example.com" in text:
        own_postgres: PostgresServer = request.getfixturevalue("own_postgres")
        found["postgresql://trendgate:password@db.example.com/trendgate"] = own_postgres.url
    if "@ch1.example.com" not in text:
        yield found
        return
    backend: Backend = request.getfixturevalue("backend")
    with serving(backend) as clickhouse:
        yield found | {
            "clickhouse://trendgate:password@ch1.example.com:9440": f"clickhouse://127.0.0.1:{clickhouse.port}",
            f":{clickhouse.port}/trendgate?secure=1": f":{clickhouse.port}/default",
        }


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_shell_block_runs_in_a_fresh_checkout(
    page: str,
    demo_folder: Path,
    replacements: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in set(os.environ) - set(_environment()):
        monkeypatch.delenv(name)
    folder = tmp_path / "trendgate"
    copy_data(demo_folder, folder)
    shell = Shell(folder, replacements)
    for command in read_commands(page):
        if reason_not_to_run(command) is None:
            shell.run(command)


def test_every_exception_is_needed() -> None:
    commands = [command for page in PAGES for command in read_commands(page)]
    unused = [start for start in NOT_RUN if not any(command.text.startswith(start) for command in commands)]
    assert unused == []


@pytest.mark.parametrize("page", PAGES)
def test_every_shell_block_is_marked(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    programs = re.compile(r"^(\.venv\S*/bin/\w+|python3?|make|curl|docker|npm|npx|pip|trendgate) ", re.MULTILINE)
    assert [block for language, block in blocks if language != "sh" and programs.search(block)] == []


def test_commands_are_read_without_comments_and_continued_over_lines(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n```sh\nmake run     # serves\n# a comment\ncurl http://x \\\n  -d '{}'\n```\n")
    found = read_commands(str(page))
    assert found == [Command("make run", 3), Command("curl http://x \\\n  -d '{}'", 5)]
