"""Write requirements.lock (what serving needs) and requirements-dev.lock from pyproject.toml."""

import subprocess
import sys

COMMON = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--quiet")
EXTRAS = ("--extra", "embedded", "--extra", "demo")


def lock(output: str, *more: str) -> None:
    """Resolve to newest versions that pyproject.toml allows; hashes pin the files themselves."""
    note = "python scripts/lock.py"
    command = ["uv", "pip", "compile", "pyproject.toml", *EXTRAS, *more, *COMMON]
    command += ["--custom-compile-command", note, "--upgrade", "--output-file", output]
    subprocess.run([sys.executable, "-m", *command], check=True)  # noqa: S603 (our own arguments)


if __name__ == "__main__":
    lock("requirements.lock")
    lock("requirements-dev.lock", "--extra", "clickhouse", "--extra", "redis", "--group", "dev")
