"""`serve --demo` in its own process."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
STOP_S = 60


@dataclass(frozen=True)
class Demo:
    """The URL of a running demo, and the key that it printed."""

    url: str
    key: str


def load_demo(folder: Path) -> None:
    """Load the demo into a new data folder."""
    with serve_demo(folder):
        pass


def copy_data(source: Path, target: Path) -> Path:
    """Copy a data folder that no process uses."""
    # ClickHouse links its metadata with relative symbolic links.
    return shutil.copytree(source, target, symlinks=True)


@contextmanager
def serve_demo(folder: Path, root: Path = ROOT, **settings: str) -> Iterator[Demo]:
    """Serve the demo from a data folder, loading it if the folder is new, until Ctrl-C. `root` is the checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRENDGATE_")}
    with subprocess.Popen(
        [sys.executable, "server.py", "serve", "--demo", "--port", "0"],
        cwd=root,
        env={**environment, "TRENDGATE_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1", **settings},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield _read_start(process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=STOP_S)


def _read_start(process: "subprocess.Popen[str]") -> Demo:
    assert process.stdout is not None
    output = ""
    while not output.endswith("Press Ctrl-C to stop.\n"):
        line = process.stdout.readline()
        assert line, output
        output += line
    assert "Project id: 1" in output
    (key,) = re.findall(r"^API key: (phx_\w+)$", output, re.MULTILINE)
    return Demo(re.findall(r"http://[\d.:]+", output)[0], key)
