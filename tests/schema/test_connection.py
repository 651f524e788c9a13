import base64
import json

import pytest

from datasource.events.definition_pages import ListPosition
from errors import BadUserInput
from schema.connection import Connection
from schema.cursors import read_id_cursor, read_position_cursor, write_cursor


def _encoded(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


@pytest.mark.parametrize("number", [1, 12, 2**31 - 1])
def test_id_cursor_can_be_read_back_for_its_kind_only(number: int) -> None:
    cursor = write_cursor("action", number)
    assert read_id_cursor("action", cursor) == number
    with pytest.raises(BadUserInput, match="Invalid cursor") as caught:
        read_id_cursor("insight", cursor)
    assert caught.value.path == ("after",)


@pytest.mark.parametrize("place", [ListPosition(0, ""), ListPosition(2**64 - 1, "größe ✓")])
def test_position_cursor_can_be_read_back_for_its_kind_only(place: ListPosition) -> None:
    cursor = write_cursor("event", place)
    assert read_position_cursor("event", cursor) == place
    with pytest.raises(BadUserInput, match="Invalid cursor") as caught:
        read_position_cursor("property", cursor)
    assert caught.value.path == ("after",)


def test_missing_cursor_is_the_start_of_the_list() -> None:
    assert read_id_cursor("action", None) is None
    assert read_position_cursor("event", None) is None


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "ä",
        "a",
        "not base64!",
        base64.urlsafe_b64encode(b"action:1").decode(),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        _encoded("action"),
        _encoded("action", 0),
        _encoded("action", -1),
        _encoded("action", True),
        _encoded("action", "1"),
        _encoded("action", 1.0),
        _encoded("action", 10**10),
        _encoded("action", 1, "name"),
    ],
    ids=[str(number) for number in range(14)],
)
def test_invalid_id_cursor_is_rejected(cursor: str) -> None:
    with pytest.raises(BadUserInput, match="Invalid cursor"):
        read_id_cursor("action", cursor)


@pytest.mark.parametrize(
    "parts", [[], [1], [-1, "a"], [True, "a"], [1, 2], [2**64, "a"], [1, "a", "b"], [1, "\udcff"], ["a", 1]]
)
def test_invalid_position_cursor_is_rejected(parts: list[object]) -> None:
    with pytest.raises(BadUserInput, match="Invalid cursor"):
        read_position_cursor("event", _encoded("event", *parts))


def test_connection_knows_where_its_page_stands() -> None:
    page = Connection[str].of("action", [(4, "a"), (9, "b")], total=7, has_next=True, after=3)
    assert [(edge.cursor, edge.node) for edge in page.edges] == [
        (write_cursor("action", 4), "a"),
        (write_cursor("action", 9), "b"),
    ]
    info = page.page_info
    assert (info.has_next_page, info.has_previous_page, page.total_count) == (True, True, 7)
    assert (info.start_cursor, info.end_cursor) == (write_cursor("action", 4), write_cursor("action", 9))


def test_empty_connection_has_no_cursors() -> None:
    info = Connection[str].of("action", [], total=0, has_next=False, after=None).page_info
    assert (info.start_cursor, info.end_cursor, info.has_previous_page) == (None, None, False)
