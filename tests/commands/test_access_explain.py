"""The explanation of a member's access."""

import pytest

from tests.support.command_line import Run, error_of, table_rows

IN_1 = ("--project", "1", "--resource")
INSIGHT_1 = ("insight", "--id", "1")
ADA = "ada@example.com"


def _explain(run: Run, email: str, *words: str) -> dict[str, str]:
    heading, *answers = table_rows(run("access", "explain", email, *IN_1, *words))
    assert heading == ["question", "answer"]
    explained: dict[str, str] = {}
    for question, answer in answers:
        explained[question] = f"{explained[question]}; {answer}" if question in explained else answer
    return explained


def _set(run: Run, level: str, *words: str) -> None:
    assert run("access", "set", level, *IN_1, *words).status == 0


def test_without_rules_the_defaults_are_shown(acme: Run) -> None:
    assert _explain(acme, "Ada@example.com", *INSIGHT_1) == {
        "member": "ada@example.com, member of Acme",
        "target": "insight 1 (Delays) of project 1 (Flights)",
        "level": "editor: the default, because no rule applies",
        "level in the project": "admin: the default, because no rule applies",
        "gate for reading": "open: editor on all insights (the default, because no rule applies)",
        "gate for writing": "open: editor on all insights (the default, because no rule applies)",
        "may read": "yes",
        "may change": "yes",
        "may edit rules": (
            "no: requires admin of the organization, or admin on the project by a rule, "
            "or manager on the insight by a rule, or having created it"
        ),
        "keys": "accepted, within their scopes",
    }


def test_deciding_rule_and_outranked_ones_are_named(acme: Run) -> None:
    _set(acme, "none", "insight")
    _set(acme, "editor", *INSIGHT_1)
    closed = _explain(acme, ADA, *INSIGHT_1)
    assert closed["level"] == "none: the rule about all insights for everyone"
    assert closed["does not decide"] == "the rule about insight 1 for everyone: editor"
    assert closed["gate for reading"] == (
        "closed: requires viewer on all insights, but they have none (the rule about all insights for everyone)"
    )
    assert (closed["may read"], closed["may change"]) == ("no: the gate is closed", "no: the gate is closed")

    _set(acme, "viewer", *INSIGHT_1, "--role", "Analysts")
    _set(acme, "none", *INSIGHT_1, "--member", ADA)
    opened = _explain(acme, ADA, *INSIGHT_1)
    assert opened["level"] == "viewer: the rule about insight 1 for the role Analysts"
    assert opened["gate for reading"] == (
        "open, except for creating: a rule for them or one of their roles grants viewer on some insight"
    )
    assert opened["gate for writing"].startswith("closed: requires editor")
    assert (opened["may read"], opened["may change"]) == ("yes", "no: the gate is closed")
    assert set(opened["does not decide"].split("; ")) == {
        "the rule about all insights for everyone: none",
        "the rule about insight 1 for everyone: editor",
        "the rule about insight 1 for ada@example.com: none",
    }
    assert _explain(acme, "bob@example.com", *INSIGHT_1)["level"] == closed["level"]


def test_rule_of_an_object_is_distinguished_from_the_gate(acme: Run) -> None:
    _set(acme, "viewer", *INSIGHT_1)
    explained = _explain(acme, ADA, *INSIGHT_1)
    assert explained["gate for writing"].startswith("open: editor on all insights")
    assert explained["may change"] == "no: requires editor, but they have viewer"


def test_creator_keeps_the_highest_level_but_not_past_the_gate(acme: Run) -> None:
    _set(acme, "viewer", "insight")
    explained = _explain(acme, ADA, "insight", "--id", "2")
    assert explained["level"] == "manager: they created it, which no rule can override"
    assert (explained["may read"], explained["may change"]) == ("yes", "no: the gate is closed")
    assert explained["may edit rules"] == "no: the gate is closed"


def test_rules_do_not_apply_to_admins(acme: Run) -> None:
    _set(acme, "none", "insight")
    explained = _explain(acme, "boss@example.com", "insight")
    assert explained["member"] == "boss@example.com, owner of Acme"
    assert explained["level"] == "manager: rules do not apply to admins and owners of the organization"
    assert [explained[f"may {what}"] for what in ("read", "change", "create", "edit rules")] == ["yes"] * 4


def test_whole_resource_shows_who_may_create(acme: Run) -> None:
    _set(acme, "none", "insight")
    _set(acme, "editor", *INSIGHT_1, "--member", ADA)
    explained = _explain(acme, ADA, "insight")
    assert explained["target"] == "all insights of project 1 (Flights)"
    assert explained["level"] == "none: the rule about all insights for everyone"
    assert (explained["may read"], explained["may change"]) == ("yes", "yes")
    assert explained["may create"] == "no: creating requires editor on all of them"
    assert explained["may edit rules"] == (
        "no: requires admin of the organization, or admin on the project by a rule"
    )


def test_project_admin_by_a_rule_may_edit_rules(acme: Run) -> None:
    _set(acme, "admin", "project", "--member", ADA)
    whole = _explain(acme, ADA, "project")
    assert whole["level"] == "admin: the rule about the project for ada@example.com"
    assert (whole["may change"], whole["may edit rules"]) == ("yes", "yes")
    assert "gate for reading" not in whole
    assert _explain(acme, ADA, "insight")["may edit rules"] == "yes"
    assert _explain(acme, "bob@example.com", "project")["may edit rules"].startswith("no: requires admin")


def test_hidden_project_hides_its_objects(acme: Run) -> None:
    _set(acme, "none", "project", "--member", ADA)
    explained = _explain(acme, ADA, *INSIGHT_1)
    assert explained["level"].startswith("editor")
    assert explained["level in the project"] == "none: the rule about the project for ada@example.com"
    assert explained["may read"] == "no: they cannot see the project"


def test_rules_without_effect_name_the_feature_that_is_off(acme: Run) -> None:
    _set(acme, "none", *INSIGHT_1, "--role", "Analysts")
    acme("organization", "update", "Acme", "--no-roles", "--no-member-keys")
    explained = _explain(acme, ADA, *INSIGHT_1)
    assert explained["level"] == "editor: the default, because no rule applies"
    assert explained["does not decide"] == "the rule about insight 1 for the role Analysts: none (roles are off)"
    assert explained["keys"] == "refused: Acme does not accept keys of members below admin"
    assert _explain(acme, "boss@example.com", *INSIGHT_1)["keys"].startswith("accepted")
    acme("organization", "update", "Acme", "--no-access-control")
    explained = _explain(acme, ADA, *INSIGHT_1)
    assert explained["level"] == "editor: the default, because access control is off in the organization"
    assert explained["does not decide"].endswith(": none (access control is off)")


def test_strangers_and_deactivated_members_are_explained(acme: Run) -> None:
    stranger = _explain(acme, "eve@example.com", *INSIGHT_1)
    assert stranger["member"] == "eve@example.com, not a member of Acme"
    assert stranger["level"] == "none: they are not a member of the organization"
    assert stranger["may read"] == "no: they cannot see the project"
    assert stranger["keys"] == "no access to Acme"
    acme("member", "deactivate", ADA)
    assert _explain(acme, ADA, *INSIGHT_1)["keys"] == "refused: the member is deactivated"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("zoe@example.com", *IN_1, "insight"), "error: There is no member with the e-mail address"),
        ((ADA, *IN_1, "insight", "--id", "9"), "error: Project 1 has no insight 9."),
        ((ADA, *IN_1, "planes"), "error: Invalid resource 'planes'."),
    ],
)
def test_unknown_member_object_or_resource_is_rejected(acme: Run, words: tuple[str, ...], error: str) -> None:
    assert error_of(acme("access", "explain", *words)).startswith(error)
