"""Every case of the folder, one test each."""

import pytest

from tests.conformance.cases import CaseSource, OtherFile
from tests.conformance.fields import CaseError
from tests.conformance.runner import Runner
from tests.conformance.set_aside import SET_ASIDE


async def test_case(source: CaseSource | OtherFile, runner: Runner) -> None:
    if isinstance(source, OtherFile):
        pytest.skip(f"{source.file}: {source.reason}")
    if source.name in SET_ASIDE:
        pytest.skip(f"set aside: {SET_ASIDE[source.name]}")
    try:
        failures = await runner.run(source)
    except CaseError as unreadable:
        failures = [str(unreadable)]
    if failures:
        pytest.fail("\n".join(failures), pytrace=False)
