"""A Redis of the test run's own, where its program is installed."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PATIENCE_S = 30


@dataclass
class RedisServer:
    """Keeps nothing on disk, and listens on a socket in a folder of its own."""

    folder: Path
    process: "subprocess.Popen[str] | None" = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder}/redis.sock"

    def start(self) -> None:
        """Returns when it takes connections."""
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", "redis.sock", "--save", "", "--dir", str(self.folder)],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if "ready to accept connections" in line:
                return
        raise AssertionError("".join(lines))

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate(timeout=PATIENCE_S)
            self.process = None


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """Skips the test where there is no redis-server."""
    if shutil.which("redis-server") is None:
        pytest.skip("needs redis-server")
    with tempfile.TemporaryDirectory() as folder:  # whose path is short, as paths of sockets have to be
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
