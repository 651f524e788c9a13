from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from datasource.metadata.models import Organization
from datasource.metadata.store import MetadataStore

INSTANT = datetime(2021, 3, 14, 6, 59, 59, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        INSTANT,
        INSTANT.astimezone(ZoneInfo("America/New_York")),
        INSTANT.astimezone(ZoneInfo("Asia/Kathmandu")),
        INSTANT.astimezone(timezone(-timedelta(hours=9, minutes=30))),
    ],
    ids=["utc", "new york", "kathmandu", "fixed offset"],
)
async def test_timestamp_in_any_zone_is_read_as_the_same_instant_in_utc(
    store: MetadataStore, written: datetime
) -> None:
    async with store.write() as session:
        session.add(Organization(id="1", name="One", created_at=written))
    async with store.read() as session:
        read = (await session.scalars(select(Organization))).one().created_at
    assert read == INSTANT
    assert read.utcoffset() == timedelta(0)
    assert read.tzinfo is UTC


async def test_timestamp_without_a_zone_is_rejected(store: MetadataStore) -> None:
    with pytest.raises(StatementError, match="a timestamp needs a time zone"):
        async with store.write() as session:
            session.add(Organization(id="1", name="One", created_at=INSTANT.replace(tzinfo=None)))


async def test_timestamps_of_different_zones_are_compared_as_instants(store: MetadataStore) -> None:
    later = (INSTANT + timedelta(seconds=1)).astimezone(ZoneInfo("America/New_York"))
    async with store.write() as session:
        session.add(Organization(id="1", name="One", created_at=INSTANT))
    async with store.read() as session:
        query = select(Organization.id)
        assert await session.scalar(query.where(Organization.created_at < later)) == "1"
        assert await session.scalar(query.where(Organization.created_at > later)) is None
