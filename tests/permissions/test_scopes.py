import pytest

from errors import BadUserInput
from permissions.resources import Resource, known_resources
from permissions.scopes import check_scopes, known_scopes, missing_scopes, scopes_meeting
from tests.permissions.policies import registered_one


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


@pytest.mark.parametrize("required", known_scopes())
@pytest.mark.parametrize("granted", known_scopes())
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
    assert all(valid in (caught.value.hint or "") for valid in (*known_scopes(), "*"))


def test_check_scopes_near_a_valid_one_suggests_it() -> None:
    with pytest.raises(BadUserInput) as caught:
        check_scopes(["insights:read"])
    assert (caught.value.hint or "").startswith("Did you mean insight:read? ")


def test_check_scopes_with_none_is_refused() -> None:
    with pytest.raises(BadUserInput, match="without scopes can do nothing"):
        check_scopes([])


def test_every_resource_and_a_few_more_have_scopes_to_read_and_to_write() -> None:
    names = {resource.name for resource in known_resources()}
    names |= {"access_control", "event_definition", "person", "property_definition", "query", "user"}
    assert {"insight", "action", "cohort", "project", "organization"} < names
    expected = [f"{name}:{action}" for name in sorted(names) for action in ("read", "write")]
    assert list(known_scopes()) == expected


def test_resource_that_is_registered_brings_its_scopes() -> None:
    wanted = ("survey:write", "survey:read")
    with registered_one(Resource("survey")):
        assert check_scopes(wanted) == wanted
        assert {*wanted} < {*known_scopes()}
    with pytest.raises(BadUserInput, match="'survey:write' is not a scope"):
        check_scopes(wanted)


def test_key_for_everything_meets_the_scopes_of_a_new_resource() -> None:
    with registered_one(Resource("survey")):
        assert missing_scopes(["*"], ["survey:write"]) == ()
        assert missing_scopes(["insight:write"], ["survey:read"]) == ("survey:read",)
