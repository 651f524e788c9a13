"""A temporary PostgreSQL server. `scripts/with-postgres COMMAND` runs this file as a program.

The server listens on a socket in its temporary folder only, so it needs no port and does not conflict with another
PostgreSQL. The file needs only the standard library, because the script runs it without the virtual environment.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

URL_VARIABLE = "TRENDGATE_TEST_POSTGRES_URL"

USER = "trendgate"
# Strings are sorted by a natural language, as in most installations. SQLite sorts them by code points, so code
# that relies on an order fails on one of the two.
INITDB = (
    *("--username", USER, "--auth", "trust", "--no-sync", "--encoding", "UTF8"),
    *("--locale", "C", "--locale-provider", "icu", "--icu-locale", "en-US"),
)
# The data must survive a killed server, but not a crash of the machine. Tests open many stores, each with a pool.
SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}


class PostgresServer:
    """A data folder and the process that serves it; `start` and `stop` may be repeated."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._account = _unprivileged_account()
        if self._account is not None:
            os.chown(folder, self._account.pw_uid, self._account.pw_gid)
        self._run("initdb", *INITDB)

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@/postgres?host={self._folder}"

    def start(self) -> None:
        """Start, and return once the server accepts connections."""
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        log = str(self._folder / "log")
        self._run(
            "pg_ctl", "start", "--wait", "--silent", "--log", log, "--options", f"-k {self._folder} {options}"
        )

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Stop the server; `immediate` is like a crash: clients are disconnected, and the next start recovers."""
        self._run("pg_ctl", "stop", "--wait", "--silent", "--mode", mode)

    @property
    def process_id(self) -> int:
        """The id of the process that accepts connections."""
        return int((self._folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments, "--pgdata", str(self._folder / "data")]
        account = self._account
        done = subprocess.run(
            command,
            check=False,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=account and [],
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}{self._log()}")

    def _log(self) -> str:
        log = self._folder / "log"
        return log.read_text() if log.exists() else ""


def find_programs() -> Path | None:
    """Find the folder of PostgreSQL's programs: on the PATH, or the newest version in Debian's folder."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: float(path.parts[-3]), default=None)
    return newest and newest.parent


@contextmanager
def postgres_server(programs: Path) -> Iterator[PostgresServer]:
    """Run a server, and delete its files at the end."""
    # A folder of the test may be closed to the server's account, and too long for the path of a socket.
    folder = Path(tempfile.mkdtemp(prefix="trendgate-postgres-"))
    try:
        server = PostgresServer(programs, folder)
        server.start()
        try:
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop("immediate")
    finally:
        shutil.rmtree(folder)


def _unprivileged_account() -> pwd.struct_passwd | None:
    """The account to run PostgreSQL as, since it refuses to run as root; None if we are not root."""
    if os.geteuid() != 0:
        return None
    names = {account.pw_name for account in pwd.getpwall()}
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody")


def _run_to_end(command: list[str], environment: Mapping[str, str]) -> int:
    """Run a command, pass SIGTERM on to it, and return its exit status."""
    with subprocess.Popen(command, env=environment) as process:
        # The terminal sends Ctrl-C to the command too, but SIGTERM arrives only here.
        signal.signal(signal.SIGINT, lambda _number, _frame: None)
        signal.signal(signal.SIGTERM, lambda _number, _frame: process.terminate())
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def main(command: list[str]) -> int:
    """Run the command with the server's URL in its environment, and return its exit status."""
    if not command:
        print("usage: scripts/with-postgres COMMAND [ARGUMENT ...]", file=sys.stderr)
        return 2
    if os.environ.get(URL_VARIABLE):
        return _run_to_end(command, os.environ)
    programs = find_programs()
    if programs is None:
        print("PostgreSQL is not installed. On Debian: apt-get install postgresql", file=sys.stderr)
        return 1
    with postgres_server(programs) as server:
        return _run_to_end(command, {**os.environ, URL_VARIABLE: server.url})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
