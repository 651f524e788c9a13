import pytest

from datasource.metadata.records import AccessLevel
from errors import BadUserInput
from permissions.resources import ACTION, INSIGHT, PROJECT, Resource, check_level

ACTIVITY_LOG = Resource("activity_log", default=AccessLevel.VIEWER, maximum=AccessLevel.VIEWER)


def _refused(resource: Resource, level: str) -> str:
    with pytest.raises(BadUserInput) as caught:
        check_level(resource, AccessLevel(level))
    assert caught.value.path == ("access_level",)
    return caught.value.message


@pytest.mark.parametrize(
    ("resource", "levels"),
    [
        (INSIGHT, ["none", "viewer", "editor", "manager"]),
        (ACTION, ["viewer", "editor", "manager"]),
        (ACTIVITY_LOG, ["none", "viewer"]),
        (PROJECT, ["none", "member", "admin"]),
    ],
    ids=lambda value: value.name if isinstance(value, Resource) else "",
)
def test_rule_can_be_set_to_levels_within_the_bounds_only(resource: Resource, levels: list[str]) -> None:
    for level in levels:
        check_level(resource, AccessLevel(level))
    for level in {each.value for each in AccessLevel} - set(levels):
        assert _refused(resource, level)


def test_level_of_another_ladder_is_rejected_with_the_valid_levels() -> None:
    message = _refused(INSIGHT, "admin")
    assert message == "Insights have no access level admin; valid levels: none, viewer, editor, manager."
    assert _refused(PROJECT, "viewer").endswith("no access level viewer; valid levels: none, member, admin.")


def test_level_out_of_bounds_is_rejected_with_the_bound() -> None:
    assert _refused(ACTION, "none") == "none is below viewer, the minimum for actions."
    assert _refused(ACTIVITY_LOG, "editor") == "editor is above viewer, the maximum for activity logs."
