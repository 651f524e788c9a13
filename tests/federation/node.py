"""The programs of this folder, and what they are given."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from tests.support.node import NODE, PATIENCE_S, environment
from tests.support.node import install as install_packages

__all__ = ["HERE", "MODULES", "PATIENCE_S", "install", "run", "running", "subgraphs"]

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"


def install() -> None:
    """Installs the packages of this folder: see tests/support/node.py."""
    install_packages(HERE)


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
