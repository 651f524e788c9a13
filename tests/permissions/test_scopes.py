from itertools import product

import pytest

from errors import BadUserInput
from permissions.resources import Resource, known_resources
from permissions.scopes import check_scopes, known_scopes, missing_scopes, scopes_meeting
from tests.permissions.policy_builders import registered_one


@pytest.mark.parametrize(
    ("granted", "required", "missing"),
    [
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


def test_scope_covers_only_its_object_and_lower_actions() -> None:
    for granted, required in product(known_scopes(), repeat=2):
        same_object = granted.split(":", maxsplit=1)[0] == required.split(":", maxsplit=1)[0]
        is_covered = same_object and (granted.endswith(":write") or required.endswith(":read"))
        assert (missing_scopes([granted], [required]) == ()) is is_covered, (granted, required)


def test_scopes_meeting_are_listed_narrowest_first() -> None:
    assert scopes_meeting("insight:read") == ("insight:read", "insight:write", "*")
    assert scopes_meeting("insight:write") == ("insight:write", "*")


def test_check_scopes_keeps_order_and_drops_duplicates() -> None:
    given = ["project:write", "insight:read", "project:write", "*"]
    assert check_scopes(given) == ("project:write", "insight:read", "*")


def test_read_stands_for_every_scope_that_reads_and_no_other() -> None:
    expanded = check_scopes(["insight:write", "insight:read", "read", "*"])
    assert expanded[:2] == ("insight:write", "insight:read")
    assert expanded[-1] == "*"
    assert sorted(expanded[1:-1]) == [scope for scope in known_scopes() if scope.endswith(":read")]
    everything_read = check_scopes(["read"])
    assert missing_scopes(everything_read, known_scopes()) == tuple(
        scope for scope in known_scopes() if scope.endswith(":write")
    )


@pytest.mark.parametrize(
    "scope",
    [
        "insight",
        "insight:*",
        "*:read",
        "**",
        "Read",
        "write",
        "",
        " ",
        "insight:delete",
        "Insight:read",
        "insight:read ",
        "nothing:read",
    ],
)
def test_unknown_scope_is_rejected_with_the_valid_ones(scope: str) -> None:
    with pytest.raises(BadUserInput) as caught:
        check_scopes(["project:read", scope])
    assert caught.value.message == f"Unknown scope {scope!r}."
    assert caught.value.path == ("scopes",)
    assert all(valid in (caught.value.hint or "") for valid in (*known_scopes(), "*"))


def test_misspelled_scope_is_rejected_with_a_suggestion() -> None:
    with pytest.raises(BadUserInput) as caught:
        check_scopes(["insights:read"])
    assert (caught.value.hint or "").startswith("Did you mean insight:read? ")


def test_key_without_scopes_is_rejected() -> None:
    with pytest.raises(BadUserInput, match="needs at least one scope"):
        check_scopes([])


def test_resources_and_a_few_other_objects_have_read_and_write_scopes() -> None:
    names = {resource.name for resource in known_resources()}
    names |= {"access_control", "event_definition", "person", "property_definition", "query", "user"}
    assert {"insight", "action", "cohort", "project", "organization"} < names
    expected = [f"{name}:{action}" for name in sorted(names) for action in ("read", "write")]
    assert list(known_scopes()) == expected


def test_registered_resource_adds_its_scopes() -> None:
    wanted = ("survey:write", "survey:read")
    with registered_one(Resource("survey")):
        assert check_scopes(wanted) == wanted
        assert {*wanted} < {*known_scopes()}
    with pytest.raises(BadUserInput, match="Unknown scope 'survey:write'"):
        check_scopes(wanted)


def test_scope_for_everything_covers_a_new_resource() -> None:
    with registered_one(Resource("survey")):
        assert missing_scopes(["*"], ["survey:write"]) == ()
        assert missing_scopes(["insight:write"], ["survey:read"]) == ("survey:read",)
