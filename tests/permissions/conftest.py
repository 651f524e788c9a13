from collections.abc import Iterator

import pytest

from datasource.metadata.records import AccessLevel
from permissions.resources import Resource, find_resource, registered
from tests.permissions.policy_builders import registered_one
from tests.support.metadata_stores import database_url, store

__all__ = ["database_url", "store"]


@pytest.fixture
def activity_log() -> Iterator[Resource]:
    """A resource whose maximum level is viewer."""
    with registered_one(
        Resource("activity_log", default=AccessLevel.VIEWER, maximum=AccessLevel.VIEWER)
    ) as resource:
        yield resource


@pytest.fixture
def playlist() -> Iterator[Resource]:
    """A resource with a parent."""
    recording = Resource("session_recording")
    with registered(recording, Resource("session_recording_playlist", parent=recording)):
        found = find_resource("session_recording_playlist")
        assert found is not None
        yield found
