"""Rules by file, kind and environment say who must agree to a plan, and who may not write it."""

import pytest
from pydantic import ValidationError

from controller.model.observed import ScopeState
from controller.model.plan import Cause, Change, Edit, Plan, ScopePlan
from controller.model.ref import Origin
from controller.model.review import NO_REVIEW
from controller.planning.review import OwnerRule, ReviewSettings, review_lines, review_of
from tests.unit.planning.worlds import change

LIVE = "111111111111/eu-west-1"


def plan_of(*config: Change, live: tuple[Change, ...] = ()) -> Plan:
    scopes = (ScopePlan("config", ScopeState.OK, config), ScopePlan(LIVE, ScopeState.OK, live))
    return Plan("r", "l", scopes, "d" * 64)


def told(plan: Plan, *rules: OwnerRule, author: str = "") -> list[str]:
    return list(review_lines(review_of(plan, ReviewSettings(owners=rules), author)))


PR1 = OwnerRule(environments=("pr*",), approvers=("@acme/prod", "ada"))


@pytest.mark.parametrize(
    ("one", "is_live"),
    [
        (change("Environment/pr1"), False),
        (change("LoadBalancerSetting/pr1/www"), False),
        (change("Upstream/x", needs=["Cluster/c", "Environment/pr1"]), False),
        (change(f"Group/{LIVE}/pr1-ta-Web"), True),
    ],
)
def test_an_environment_is_changed_by_what_belongs_to_it(one: Change, is_live: bool) -> None:
    plan = plan_of(live=(one,)) if is_live else plan_of(one)

    assert told(plan, PR1) == ["@acme/prod or ada: environment pr* (1 change)"]


def test_what_is_of_no_edit_or_of_others_needs_nobody() -> None:
    drifted = change("Environment/pr1", cause=Cause.DRIFTED)

    assert told(plan_of(drifted, change("Environment/c50")), PR1) == []
    assert review_of(plan_of(), ReviewSettings()) == NO_REVIEW


def test_a_rule_asks_for_all_its_lists_at_once() -> None:
    rule = OwnerRule(paths=("prod/*",), kinds=("Account",), approvers=("ada",))
    edit = Edit(Origin("prod/eu/a.yaml", 3), "mode")
    hit = change("Account/x", edit=edit, path="elsewhere.yaml")
    others = (change("Account/y", path="dev/a.yaml"), change("Service/s", path="prod/a.yaml"))

    assert told(plan_of(hit, *others), rule) == ["ada: file prod/*, kind Account (1 change)"]
    assert told(plan_of(change("Account/z")), rule) == []


def test_a_rule_without_lists_is_about_any_change() -> None:
    two = plan_of(change("A/a"), change("A/b"))

    assert told(two, OwnerRule(approvers=("ada",))) == ["ada: any change (2 changes)"]


def test_nobody_agrees_to_their_own_change_or_writes_what_only_others_may() -> None:
    plan = plan_of(change("A/a"))
    pair, alone = (OwnerRule(approvers=names) for names in (("ada", "ben"), ("ada",)))
    closed = OwnerRule(approvers=("ben",), authors=("eve",))

    assert told(plan, pair, author="ada") == ["ben: any change (1 change)"]
    assert told(plan, alone, author="ada") == ["ada may not: any change (1 change)"]
    assert told(plan, closed, author="ada") == ["ada may not: any change (1 change)"]
    assert told(plan, closed, author="eve") == ["ben: any change (1 change)"]
    assert told(plan, closed) == ["ben: any change (1 change)"]


def test_a_team_is_who_the_settings_say_belongs_to_it() -> None:
    teams = {"@acme/prod": ("Ada", "ben"), "@acme/alone": ("ada",)}
    plan = plan_of(change("A/a"))

    def of(author: str, *approvers: str, authors: tuple[str, ...] = ()) -> list[str]:
        rule = OwnerRule(approvers=approvers, authors=authors)
        settings = ReviewSettings(owners=(rule,), teams=teams)
        return list(review_lines(review_of(plan, settings, author)))

    assert of("eve", "@acme/alone") == ["@acme/alone: any change (1 change)"]
    assert of("ADA", "@acme/prod", "@acme/alone", "ada") == ["@acme/prod: any change (1 change)"]
    assert of("ada", "@acme/alone") == ["ada may not: any change (1 change)"]
    assert of("Ben", "eve", authors=("@ACME/prod",)) == ["eve: any change (1 change)"]
    assert of("eve", "ben", authors=("@acme/prod",)) == ["eve may not: any change (1 change)"]
    assert of("eve", "ben", authors=("@acme/other", "EVE")) == ["ben: any change (1 change)"]


def test_settings_are_read_from_lists_and_need_approvers() -> None:
    read = ReviewSettings.model_validate({"owners": [{"kinds": ["Account"], "approvers": ["ada"]}]})

    assert read.owners == (OwnerRule(kinds=("Account",), approvers=("ada",)),)
    teams = ReviewSettings.model_validate({"teams": {"@acme/prod": ["ada"]}}).teams
    assert teams == {"@acme/prod": ("ada",)}
    assert ReviewSettings.model_validate(ReviewSettings()) == ReviewSettings()
    with pytest.raises(ValidationError, match="names no approvers"):
        OwnerRule(approvers=())
