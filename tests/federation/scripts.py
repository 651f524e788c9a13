"""Run the scripts of this folder."""

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
    """Install the packages of this folder, or skip the test."""
    install_packages(HERE)


async def run(script: str, *arguments: str, stdin: object = None) -> Any:
    """Run a script, and return its output, which is JSON as its input is."""
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
    """Run a script until the block ends. Its output is discarded unless `is_read`."""
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
    """Build the input of compose.mjs from the URL and the SDL of each subgraph."""
    return [{"name": name, "url": url, "sdl": sdl} for name, (url, sdl) in of.items()]
