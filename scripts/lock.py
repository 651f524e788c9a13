"""Write the lock files from pyproject.toml; hashes pin the files themselves.

Versions stay as they are where pyproject.toml still allows them; with --upgrade the newest are taken.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

COMMON = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--quiet")
RUN = "requirements.lock"
ONE_MACHINE = {"embedded", "demo"}
"""The extras that an installation with servers for its stores has no use for; the largest, too."""


def lock(output: str, *more: str) -> None:
    """All lock files have the same version of a package: the one of `make run`."""
    command = ["uv", "pip", "compile", "pyproject.toml", *more, *COMMON, *sys.argv[1:]]
    if output != RUN:
        command += ["--constraint", RUN]
    command += ["--custom-compile-command", "make lock", "--output-file", output]
    subprocess.run([sys.executable, "-m", *command], check=True)  # noqa: S603 (our own arguments)


def extras(names: list[str]) -> list[str]:
    return [word for name in names for word in ("--extra", name)]


if __name__ == "__main__":
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    known = sorted(project["optional-dependencies"])
    lock(RUN, *extras(known))
    lock("requirements-server.lock", *extras([name for name in known if name not in ONE_MACHINE]))
    lock("requirements-dev.lock", *extras(known), "--group", "dev")
