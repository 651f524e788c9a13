import pytest

from datasource.metadata.records import RuleRecord
from permissions.policy import ListFilter, Policy
from permissions.resources import ACTION, INSIGHT, PROJECT
from tests.permissions.policy_builders import ADA, ADMIN, OWNER, policy
from tests.permissions.policy_rules import OWN_PROJECT, VIEWER, about_ada, about_everyone, about_role, project_rule


def _shown(asked: Policy, *, includes_all_for_admins: bool = False) -> str:
    """Return which of the objects 1 to 4 of others and 5 of the principal a list shows."""
    found = asked.list_filter(INSIGHT, includes_all_for_admins=includes_all_for_admins)
    makers = {"1": "bob", "2": "bob", "3": "bob", "4": None, "5": ADA}
    return "".join(object_id for object_id, maker in makers.items() if found.shows(object_id, maker))


def test_list_without_rules_shows_everything() -> None:
    assert _shown(policy()) == "12345"


@pytest.mark.parametrize(
    ("rules", "shown"),
    [
        ([about_everyone("none")], "2345"),
        ([about_everyone("viewer")], "12345"),
        ([about_everyone("none"), about_ada("viewer")], "12345"),
        ([about_everyone("editor"), about_ada("none")], "2345"),
        ([about_ada("none"), about_role("viewer")], "12345"),
        ([about_ada("none"), about_role("none")], "2345"),
        ([about_ada("none", on="5"), about_everyone("none", on="5")], "12345"),
        ([about_everyone("none", on="4")], "1235"),
        ([about_everyone("manager", on=None), about_everyone("none")], "2345"),
        ([about_everyone("viewer", on=None), about_ada("editor")], "12345"),
        ([about_everyone("none", ACTION)], "12345"),
    ],
)
def test_list_of_an_open_resource_hides_what_object_rules_close(rules: list[RuleRecord], shown: str) -> None:
    assert _shown(policy(*rules)) == shown


@pytest.mark.parametrize(
    ("rules", "shown"),
    [
        ([about_ada("viewer")], "15"),
        ([about_ada("viewer"), about_role("editor", on="2")], "125"),
        ([about_ada("viewer"), about_ada("none", on="2"), about_everyone("manager", on="3")], "15"),
        ([about_role("viewer", on="5")], "5"),
        ([about_ada("none"), about_role("viewer")], "15"),
    ],
)
def test_list_of_a_closed_resource_shows_only_opened_and_own_objects(rules: list[RuleRecord], shown: str) -> None:
    assert _shown(policy(about_everyone("none", on=None), *rules)) == shown


def test_gate_closes_a_resource_with_no_opened_object() -> None:
    asked = policy(about_everyone("none", on=None), about_everyone("none"))
    assert not asked.passes_gate(INSIGHT, VIEWER)
    assert _shown(asked) == "2345"


def test_list_shows_admins_hidden_objects_only_on_request() -> None:
    rules = [about_everyone("none"), about_everyone("none", on="5"), about_everyone("none", on=None)]
    for principal in (ADMIN, OWNER):
        assert _shown(policy(*rules, principal=principal)) == "2345"
        assert _shown(policy(*rules, principal=principal), includes_all_for_admins=True) == "12345"
    assert _shown(policy(about_everyone("none")), includes_all_for_admins=True) == "2345"


def test_list_of_projects_shows_everything_to_admins() -> None:
    hidden = project_rule("none")
    assert policy(hidden, principal=ADMIN).list_filter(PROJECT) == ListFilter()
    assert not policy(hidden).list_filter(PROJECT).shows(OWN_PROJECT, None)


def test_own_objects_have_a_known_creator() -> None:
    assert not ListFilter(hidden=frozenset({"1"})).shows("1", None)
    assert not ListFilter(only=frozenset({"2"}), creator=ADA).shows("1", "bob")
    assert ListFilter(only=frozenset({"2"}), creator=ADA).shows("1", ADA)


def test_list_hides_what_object_rules_close_regardless_of_its_creator() -> None:
    rules = [
        about_everyone("none"),
        about_ada("none", on="2"),
        about_ada("viewer", on="3"),
        about_everyone("none", on="3"),
        about_everyone("none", on="5"),
    ]
    assert policy(*rules).list_filter(INSIGHT).hidden == {"1", "2", "5"}
    assert policy(*rules).list_filter(ACTION).hidden == frozenset()
