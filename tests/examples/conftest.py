"""One demo server for all examples."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.demo_server import Demo, copy_data, serve_demo


@pytest.fixture(scope="session")
def demo(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with serve_demo(copy_data(demo_data, tmp_path_factory.mktemp("demo") / "data")) as demo:
        yield demo
