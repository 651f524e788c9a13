"""A temporary Redis server, if Redis is installed."""

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
    """A server without persistence that listens on a socket in its folder."""

    folder: Path
    process: "subprocess.Popen[str] | None" = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder}/redis.sock"

    def start(self) -> None:
        """Start, and return once the server accepts connections."""
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
    """Run a server, or skip the test if redis-server is not installed."""
    if shutil.which("redis-server") is None:
        pytest.skip("needs redis-server")
    with tempfile.TemporaryDirectory() as folder:  # a short path, as sockets need
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
