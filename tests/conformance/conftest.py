"""`pytest tests/conformance --cases DIR` runs the cases of every JSON file below DIR."""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from datasource.clickhouse.engine import Engine
from datasource.metadata.store import MetadataStore
from resolvers.stores import Stores
from settings import Settings
from tests.conformance.access.key_runner import KeyRunner
from tests.conformance.access.runner import AccessRunner, Gateways, open_gateways
from tests.conformance.cases import Kind, find_cases
from tests.conformance.posthog_world import PostHogWorld
from tests.conformance.runner import Runner, open_runner
from tests.conformance.test_conformance import CaseRunner

OWN_CASES = Path(__file__).parent / "cases"
_TEST = "test_conformance.py::test_case["


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cases", metavar="DIR", help="folder of conformance cases; default: the project's own")
    parser.addoption(
        "--layout", choices=("native", "posthog"), default="native", help="whose tables the cases of trends fill"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "source" in metafunc.fixturenames:
        found = list(find_cases(_cases_folder(metafunc.config)))
        metafunc.parametrize("source", found, ids=[each.id for each in found])


def _cases_folder(config: pytest.Config) -> Path:
    # Missing if pytest found this file too late to add its option, as in a run of all tests.
    folder = Path(config.getoption("cases", None) or OWN_CASES)
    if not folder.is_dir():
        raise pytest.UsageError(f"--cases: no folder {folder}")
    if not any(folder.rglob("*.json")):
        raise pytest.UsageError(f"--cases: no JSON file in {folder}")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write one line with the number of cases that pass, not counting those set aside."""
    passed, failed, wrong = (
        {report.nodeid for report in terminalreporter.getreports(outcome) if _TEST in report.nodeid}
        for outcome in ("passed", "failed", "error")
    )
    run = passed | failed | wrong
    if run or terminalreporter.config.getoption("cases", None):
        terminalreporter.write_line(f"conformance: {len(passed - failed - wrong)} of {len(run)} cases pass")


@pytest.fixture(scope="session")
async def stores(engine: Engine, new_settings: Callable[[str], Settings]) -> AsyncIterator[Stores]:
    settings = new_settings("conformance")
    async with MetadataStore.open(settings.metadata_url) as metadata:
        await metadata.migrate()
        yield Stores(metadata=metadata, events=engine)


@pytest.fixture(scope="session")
async def runner(
    engine: Engine, new_settings: Callable[[str], Settings], pytestconfig: pytest.Config
) -> AsyncIterator[Runner]:
    # Absent as --cases may be: see _cases_folder.
    layout = pytestconfig.getoption("layout", "native")
    # A separate store: these cases choose the ids of their projects, access cases get theirs assigned.
    settings = new_settings("conformance")
    async with MetadataStore.open(settings.metadata_url) as metadata:
        await metadata.migrate()
        posthog = None if layout == "native" else await PostHogWorld.open(engine, metadata)
        async with open_runner(engine, metadata, settings, posthog) as runner:
            yield runner


@pytest.fixture(scope="session")
async def gateways(stores: Stores) -> AsyncIterator[Gateways]:
    async with open_gateways(stores, Settings()) as gateways:
        yield gateways


@pytest.fixture(scope="session")
def access_runner(gateways: Gateways) -> AccessRunner:
    return AccessRunner(gateways)


@pytest.fixture(scope="session")
def key_runner(gateways: Gateways) -> KeyRunner:
    return KeyRunner(gateways)


@pytest.fixture(scope="session")
def runners(runner: Runner, access_runner: AccessRunner, key_runner: KeyRunner) -> Mapping[Kind, CaseRunner]:
    return {Kind.TRENDS: runner, Kind.ACCESS: access_runner, Kind.KEYS: key_runner}
