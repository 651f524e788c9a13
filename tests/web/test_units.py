"""The unit tests of the page's scripts, if `make web` or `make web-check` has installed their packages."""

import subprocess

import pytest

from tests.support.demo_server import ROOT


@pytest.mark.slow
def test_unit_tests_of_the_page_pass() -> None:
    if not (ROOT / "web" / "node_modules").is_dir():
        pytest.skip("needs web/node_modules, which `make web-check` installs")
    result = subprocess.run(
        ["scripts/with-node", "npm", "--prefix", "web", "test"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
