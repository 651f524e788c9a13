"""Write the lock files from pyproject.toml, with hashes.

Keeps locked versions that pyproject.toml still allows; `--upgrade` chooses the newest ones.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

COMMON = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--quiet")
FOLDER = Path("requirements")
RUN = FOLDER / "run.lock"
EMBEDDED_ONLY = {"embedded", "demo"}
"""The extras that a gateway with separate store servers does not need. They are the largest."""


def lock(output: Path, *more: str) -> None:
    """Write one lock file. RUN constrains all others, so that they have the same versions."""
    command = ["uv", "pip", "compile", "pyproject.toml", *more, *COMMON, *sys.argv[1:]]
    if output != RUN:
        command += ["--constraint", str(RUN)]
    command += ["--custom-compile-command", "make lock", "--output-file", str(output)]
    subprocess.run([sys.executable, "-m", *command], check=True)  # noqa: S603 - our own arguments


def extras(names: list[str]) -> list[str]:
    return [word for name in names for word in ("--extra", name)]


if __name__ == "__main__":
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    known = sorted(project["optional-dependencies"])
    lock(RUN, *extras(known), "--group", "build")
    lock(FOLDER / "server.lock", *extras([name for name in known if name not in EMBEDDED_ONLY]))
    lock(FOLDER / "dev.lock", *extras(known), "--group", "build", "--group", "dev")
