import pytest

from errors import BadUserInput
from permissions.scopes import SCOPES, check_scopes, missing_scopes, scopes_meeting


@pytest.mark.parametrize(
    ("granted", "required", "missing"),
    [
        (["insight:read"], ["insight:read"], ()),
        (["insight:write"], ["insight:read"], ()),
        (["insight:write"], ["insight:write"], ()),
        (["insight:read"], ["insight:write"], ("insight:write",)),
        (["project:write"], ["insight:read"], ("insight:read",)),
        (["*"], ["insight:write", "project:read"], ()),
        ([], ["insight:read"], ("insight:read",)),
        ([], ["insight:read", "project:read"], ("insight:read", "project:read")),
        (["project:read"], ["insight:read", "project:read"], ("insight:read",)),
        (["insight:read", "project:read"], ["insight:read", "project:read"], ()),
        (["insight:*"], ["insight:read"], ("insight:read",)),
        (["insight"], ["insight:read"], ("insight:read",)),
        (["INSIGHT:READ"], ["insight:read"], ("insight:read",)),
        ([], ["insight:read", "insight:read"], ("insight:read",)),
        ([], [], ()),
    ],
)
def test_missing_scopes(granted: list[str], required: list[str], missing: tuple[str, ...]) -> None:
    assert missing_scopes(granted, required) == missing


@pytest.mark.parametrize("required", SCOPES)
@pytest.mark.parametrize("granted", SCOPES)
def test_one_scope_meets_another_only_on_its_object_and_upwards(granted: str, required: str) -> None:
    same_object = granted.split(":", maxsplit=1)[0] == required.split(":", maxsplit=1)[0]
    is_met = same_object and (granted.endswith(":write") or required.endswith(":read"))
    assert (missing_scopes([granted], [required]) == ()) is is_met


def test_scopes_meeting_lists_the_narrowest_first() -> None:
    assert scopes_meeting("insight:read") == ("insight:read", "insight:write", "*")
    assert scopes_meeting("insight:write") == ("insight:write", "*")


def test_check_scopes_keeps_order_and_drops_repetitions() -> None:
    given = ["project:write", "insight:read", "project:write", "*"]
    assert check_scopes(given) == ("project:write", "insight:read", "*")


@pytest.mark.parametrize(
    "scope",
    [
        "insight",
        "insight:*",
        "*:read",
        "**",
        "",
        " ",
        "insight:delete",
        "Insight:read",
        "insight:read ",
        "nothing:read",
    ],
)
def test_check_scopes_with_an_unknown_one_names_it_and_lists_the_valid(scope: str) -> None:
    with pytest.raises(BadUserInput) as caught:
        check_scopes(["project:read", scope])
    assert caught.value.message == f"{scope!r} is not a scope."
    assert caught.value.path == ("scopes",)
    assert all(valid in (caught.value.hint or "") for valid in (*SCOPES, "*"))


def test_check_scopes_near_a_valid_one_suggests_it() -> None:
    with pytest.raises(BadUserInput) as caught:
        check_scopes(["insights:read"])
    assert (caught.value.hint or "").startswith("Did you mean insight:read? ")


def test_check_scopes_with_none_is_refused() -> None:
    with pytest.raises(BadUserInput, match="without scopes can do nothing"):
        check_scopes([])
