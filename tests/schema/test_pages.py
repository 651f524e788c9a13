import base64

import pytest

from errors import BadUserInput
from schema.pages import Connection, read_cursor, write_cursor


@pytest.mark.parametrize("number", [1, 12, 2**31 - 1])
def test_cursor_is_read_back_for_its_kind_only(number: int) -> None:
    cursor = write_cursor("action", number)
    assert read_cursor("action", cursor) == number
    with pytest.raises(BadUserInput) as refused:
        read_cursor("insight", cursor)
    assert refused.value.path == ("after",)


def test_no_cursor_is_the_beginning() -> None:
    assert read_cursor("action", None) is None


@pytest.mark.parametrize(
    "text", ["", "action:", "action:0", "action:01", "action:1\n", "xaction:1", "action:" + "9" * 11]
)
def test_text_that_no_page_gave_out_is_refused(text: str) -> None:
    with pytest.raises(BadUserInput):
        read_cursor("action", base64.urlsafe_b64encode(text.encode()).decode())


def test_connection_tells_where_its_page_stands() -> None:
    page = Connection[str].of("action", [(4, "a"), (9, "b")], total=7, has_next=True, after=3)
    assert [(edge.cursor, edge.node) for edge in page.edges] == [
        (write_cursor("action", 4), "a"),
        (write_cursor("action", 9), "b"),
    ]
    info = page.page_info
    assert (info.has_next_page, info.has_previous_page, page.total_count) == (True, True, 7)
    assert (info.start_cursor, info.end_cursor) == (write_cursor("action", 4), write_cursor("action", 9))


def test_connection_of_nothing_has_no_cursors() -> None:
    info = Connection[str].of("action", [], total=0, has_next=False, after=None).page_info
    assert (info.start_cursor, info.end_cursor, info.has_previous_page) == (None, None, False)
