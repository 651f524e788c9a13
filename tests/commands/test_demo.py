import stat
from pathlib import Path

from commands.demo import MEMBER, SCOPES, ensure_key
from datasource.metadata.keys import list_keys, revoke_key
from datasource.metadata.members import add_member, get_member
from datasource.metadata.organizations import create_organization
from datasource.metadata.projects import list_projects
from datasource.metadata.records import WeekStartDay
from datasource.metadata.store import MetadataStore
from permissions.api_keys import mask_key
from permissions.authenticate import authenticate
from permissions.key_issuing import MOST_KEYS, issue_key
from settings import Settings
from tests.support.trendgate_process import query_events, run

# Counted from the CSV files of the package, independently of this code.
DEPARTED = "[26483,23690,27973,27662,28233,27234,28485,28841,27122,28653,27035,27110]"
CANCELLED = "[521,1261,861,668,563,1009,940,486,452,236,233,1025]"
MONTHLY = (
    "SELECT toString(groupArray(n)) FROM (SELECT count() AS n FROM events WHERE event = '{}' "
    "GROUP BY toMonth(timestamp, 'America/New_York') AS month ORDER BY month)"
)


async def test_demo_loads_the_flights_once_and_reuses_its_key(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    first = run(data_dir, "demo")
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("Project id: 1\nAPI key: phx_")
    assert stat.S_IMODE((data_dir / "demo-key").stat().st_mode) == 0o600
    assert query_events(
        data_dir,
        MONTHLY.format("flight departed"),
        MONTHLY.format("flight cancelled"),
        "SELECT uniqExact(person_no), max(person_no) >= 4037 FROM events WHERE event = 'flight departed'",
        "SELECT sum(events), groupBitmapMerge(people) FROM events_by_hour WHERE event = 'flight departed'",
        "SELECT count(), countIf(isNull(properties.speed)) FROM persons FINAL",
        "SELECT type_index, count() FROM groups FINAL GROUP BY type_index ORDER BY type_index",
        "SELECT round(avg(properties.dep_delay::Nullable(Float64)), 5) FROM events WHERE group_1 = 'EWR' "
        "AND event = 'flight departed'",
        "SELECT count() FROM events WHERE distinct_id = 'unassigned' AND properties.tailnum IS NULL",
    ) == [
        f"('{DEPARTED}',)",
        f"('{CANCELLED}',)",
        "(4037, 1)",
        "(328521, 4037)",
        "(3322, 3322)",
        "(0, 16); (1, 1458)",
        "(15.10795,)",
        "(2512,)",
    ]

    async with MetadataStore.open(Settings(data_dir=data_dir).metadata_url) as store:
        (project,) = await list_projects(store)
        assert (project.name, project.timezone) == ("NYC flights 2013", "America/New_York")
        assert project.week_start_day is WeekStartDay.SUNDAY
        assert [(each.index, each.name) for each in project.group_types] == [(0, "airline"), (1, "airport")]

        second = run(data_dir, "demo")
        assert (second.returncode, second.stdout) == (0, first.stdout)
        assert "Loading" not in second.stderr

        (owned,) = await list_keys(store)
        await revoke_key(store, owned.key.id)
        third = run(data_dir, "demo")
        assert third.returncode == 0
        assert third.stdout != first.stdout
        assert third.stdout.startswith("Project id: 1\nAPI key: phx_")
        assert len(await list_keys(store)) == 2

        # A key of an older version, which lacks a scope that the demo needs now.
        member = await get_member(store, email=MEMBER)
        former = await issue_key(store, owner=member, label="Demo", scopes=[*SCOPES[:-1], "insight:write"])
        (data_dir / "demo-key").write_text(f"{former.value}\n")
        fourth = run(data_dir, "demo")
        assert fourth.returncode == 0
        value = fourth.stdout.split()[-1]
        assert value not in (former.value, third.stdout.split()[-1])
        assert value == (data_dir / "demo-key").read_text().strip()
        keys = {owned.key.id: owned.key for owned in await list_keys(store)}
        assert keys[former.record.id].revoked_at is not None
        caller = await authenticate(store, f"Bearer {value}")
        assert "access_control:read" in caller.scopes
        assert set(caller.scopes) == set(SCOPES)


async def test_demo_gets_a_key_even_if_many_were_lost(store: MetadataStore, tmp_path: Path) -> None:
    organization = await create_organization(store, name="O")
    member = await add_member(store, email=MEMBER, organization_id=organization.id)
    file = tmp_path / "demo-key"
    for _ in range(MOST_KEYS + 2):
        value = await ensure_key(store, member, file)
        file.unlink()
    keys = [owned.key for owned in await list_keys(store)]
    assert [key.revoked_at is None for key in keys] == [False] * 2 + [True] * MOST_KEYS
    assert keys[-1].mask == mask_key(value)
