"""The command that calculates cohorts."""

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from datasource.metadata.cohorts import COHORT_REPOSITORY, StoredMembership, create_cohort
from datasource.metadata.projects import ensure_project
from datasource.metadata.store import MetadataStore
from resolvers.stored_json import dump_groups
from resolvers.trends.cohorts import CohortDefinition
from resolvers.trends.query import Cohort
from settings import Settings
from tests.support.seeds.cohorts import group, inside, person
from tests.support.trendgate_process import query_events, run

NOW = datetime(2020, 1, 15, tzinfo=UTC)


@pytest.fixture
async def data_dir(tmp_path: Path) -> Path:
    """A project with uncalculated cohorts: the first uses the second, the third uses a deleted one."""
    folder = tmp_path / "data"
    folder.mkdir()
    pros = CohortDefinition((group(person("plan", "pro")),))
    uses_b, uses_d = (CohortDefinition((group(inside(Cohort(each, "", 1))),)) for each in (2, 4))
    async with MetadataStore.open(Settings(data_dir=folder).metadata_url) as store:
        await store.migrate()
        project = await ensure_project(store, organization="O", name="P")
        for name, definition in (("a", uses_b), ("b", pros), ("c", uses_d), ("d", pros)):
            membership = StoredMembership(is_static=False, groups=dump_groups(definition))
            await create_cohort(store, project_id=project.id, name=name, membership=membership, now=NOW)
        await COHORT_REPOSITORY.delete(store, (project.id, 4), now=NOW)
    return folder


def test_cohorts_are_calculated_after_their_dependencies(data_dir: Path, tmp_path: Path) -> None:
    people = tmp_path / "people.jsonl"
    plans = {"ada": "pro", "bob": "free"}
    rows = [{"distinct_id": name, "properties": {"plan": plan}} for name, plan in plans.items()]
    people.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    assert run(data_dir, "load", "--project", "1", people).returncode == 0
    one = run(data_dir, "cohort", "calculate", "--project", "1", "--cohort", "1")
    assert (one.returncode, one.stderr) == (0, "")
    assert one.stdout.splitlines() == ["id\tname\tmembers\tfailure", "2\tb\t1\t", "1\ta\t1\t"]
    every = run(data_dir, "cohort", "calculate", "--project", "1")
    assert every.returncode == 1
    failure = "Cohort 3, 'c', could not be calculated: There is no cohort 4."
    assert f"3\tc\t0\t{failure}" in every.stdout.splitlines()
    assert len(every.stdout.splitlines()) == 4
    (versions,) = query_events(data_dir, "SELECT cohort_id, version FROM cohort_members ORDER BY ALL")
    assert versions == "(1, 1); (1, 2); (2, 1); (2, 2)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--project", "7"), "Project 7 not found."),
        (("--project", "1", "--cohort", "4"), "The project has no cohort with this id."),
    ],
)
def test_unknown_project_or_cohort_is_rejected(arguments: tuple[str, ...], message: str, data_dir: Path) -> None:
    done = run(data_dir, "cohort", "calculate", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {message}")
