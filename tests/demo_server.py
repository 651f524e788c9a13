"""`serve --demo` on a new folder, as its users start it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Demo:
    """Where the demo is served, and the key that the server printed."""

    address: str
    key: str


@contextmanager
def serve_demo(folder: Path, root: Path = ROOT) -> Iterator[Demo]:
    """A server process of its own; it ends with the block. `folder` is empty and keeps the data.

    `root` is the checkout that is served.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRENDGATE_")}
    with subprocess.Popen(
        [sys.executable, "server.py", "serve", "--demo", "--port", "0"],
        cwd=root,
        env={**kept, "TRENDGATE_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = ""
        while not said.endswith("Press Ctrl-C to stop.\n"):
            line = process.stdout.readline()
            assert line, said
            said += line
        address = re.findall(r"http://[\d.:]+", said)[0]
        (key,) = re.findall(r"^API key: (phx_\w+)$", said, re.MULTILINE)
        assert "Project id: 1" in said
        yield Demo(address, key)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
