"""The unit tests of the page's scripts, where `make web-check` or `make web` has installed what they need."""

import subprocess

import pytest

from tests.support.demo_server import ROOT


def test_units_of_the_page() -> None:
    if not (ROOT / "web" / "node_modules").is_dir():
        pytest.skip("needs web/node_modules, which `make web-check` installs")
    ran = subprocess.run(
        ["scripts/with-node", "npm", "--prefix", "web", "test"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
