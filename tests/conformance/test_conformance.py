"""One test for every case in the folder."""

from collections.abc import Mapping
from typing import Protocol

import pytest

from tests.conformance.cases import CaseSource, Kind, OtherFile, SetAside
from tests.conformance.fields import CaseError
from tests.conformance.set_aside import why_trends


class CaseRunner(Protocol):
    """Runs the cases of one kind."""

    async def run(self, source: CaseSource) -> list[str]: ...


async def test_case(source: CaseSource | OtherFile, runners: Mapping[Kind, CaseRunner]) -> None:
    if isinstance(source, OtherFile):
        pytest.skip(f"{source.file}: {source.reason}")
    if source.kind is Kind.TRENDS and (reason := why_trends(source.name, source.content)):
        pytest.skip(f"set aside: {reason}")
    try:
        failures = await runners[source.kind].run(source)
    except CaseError as unreadable:
        failures = [str(unreadable)]
    except SetAside as decision:
        pytest.skip(f"set aside: {decision}")
    if failures:
        pytest.fail("\n".join(failures), pytrace=False)
