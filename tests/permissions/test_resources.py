import pytest

from datasource.metadata.records import AccessLevel
from permissions.resources import (
    ACTION,
    COHORT,
    INSIGHT,
    ORGANIZATION,
    PROJECT,
    Resource,
    controlled_resources,
    find_resource,
    known_resources,
    register,
    registered,
)
from tests.permissions.policy_rules import EDITOR, MANAGER, NONE, PROJECT_ADMIN, PROJECT_MEMBER, VIEWER


@pytest.mark.parametrize(
    ("resource", "ladder", "default", "minimum", "maximum"),
    [
        (PROJECT, [NONE, PROJECT_MEMBER, PROJECT_ADMIN], PROJECT_ADMIN, NONE, PROJECT_ADMIN),
        (INSIGHT, [NONE, VIEWER, EDITOR, MANAGER], EDITOR, NONE, MANAGER),
        (COHORT, [NONE, VIEWER, EDITOR, MANAGER], EDITOR, NONE, MANAGER),
        (ACTION, [NONE, VIEWER, EDITOR, MANAGER], EDITOR, VIEWER, MANAGER),
    ],
    ids=lambda value: value.name if isinstance(value, Resource) else "",
)
def test_resource_has_its_ladder_default_and_bounds(
    resource: Resource, ladder: list[AccessLevel], default: AccessLevel, minimum: AccessLevel, maximum: AccessLevel
) -> None:
    assert list(resource.ladder) == ladder
    assert (resource.default, resource.minimum, resource.maximum) == (default, minimum, maximum)


def test_reading_and_writing_require_the_second_and_third_level() -> None:
    assert (INSIGHT.read_level, INSIGHT.write_level) == (VIEWER, EDITOR)
    assert (PROJECT.read_level, PROJECT.write_level) == (PROJECT_MEMBER, PROJECT_ADMIN)
    assert (ORGANIZATION.read_level, ORGANIZATION.write_level) == (PROJECT_MEMBER, PROJECT_ADMIN)


@pytest.mark.parametrize("level", [None, PROJECT_MEMBER, PROJECT_ADMIN])
def test_level_of_another_ladder_reaches_nothing(level: AccessLevel | None) -> None:
    assert not INSIGHT.reaches(level, NONE)


def test_resource_is_registered_within_the_block_only() -> None:
    survey = Resource("survey")
    with registered(survey):
        assert find_resource("survey") is survey
        assert survey in known_resources()
        assert survey in controlled_resources()
    assert find_resource("survey") is None


def test_resource_name_can_be_registered_only_once() -> None:
    with pytest.raises(ValueError, match="insight is already registered"):
        register(Resource("insight"))
    assert find_resource("insight") is INSIGHT


def test_every_resource_but_organizations_can_have_rules() -> None:
    assert set(known_resources()) - set(controlled_resources()) == {ORGANIZATION}
