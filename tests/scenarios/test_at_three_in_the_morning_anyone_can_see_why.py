"""Somebody is woken at night: why is this off, since when, by what, and how is it kept on.

Covers: engine.queries.explain.explanation, engine.queries.explain.instance.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from controller.engine.overrides.service import OverrideAsked, Overrides
from controller.engine.power.fleet import CachedLook, accepted_now, find_object
from controller.engine.queries.explain.explanation import Explanation
from controller.engine.queries.explain.instance import PowerExplainer
from controller.engine.queries.schedules.exceptions import Filter, exceptions_of
from controller.errors import WrongUsage
from controller.ledger.records import iso_ms
from controller.views.documents.explanation import explanation_json
from controller.views.explanation import explanation_lines, order_of
from controller.views.schedule_tables import exceptions_json
from tests.support.documents import printed
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import END, EVENING, MORNING, PERSON, PowerEstate

WEB = "c50-ta-Web"


@pytest.fixture
def night(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    """Office hours are over and everything is off, but for one instance that a person tagged."""
    made = PowerEstate(sandbox, tmp_path / "fleet")
    made.tick()
    made.group(WEB)
    made.instance("c51", Name="kept", Schedule="on")
    made.instance("c99", Name="stranger")
    made.at(EVENING).tick()
    return made


def explained(estate: PowerEstate, what: str, at: datetime | None = None) -> Explanation:
    now = estate.clock.now
    state = accepted_now(estate.installation, now, estate.accounts())
    looked = CachedLook(state, now)
    ref = find_object(what, state.accepted, looked.evaluate)
    sights = looked.evaluate(ref)
    assert len(sights.scopes) == (1 if ref.kind == "Environment" else 2), (
        "no account more than needed"
    )
    return PowerExplainer(state, sights, at or now, now).explain(ref)


def said(told: Explanation) -> dict[str, Any]:
    """Return the words of an explanation."""
    return cast(dict[str, Any], printed("explain", explanation_json(told)))


def test_a_stopped_instance_by_its_id(night: PowerEstate) -> None:
    first = night.look(WEB)["Instances"][0]["InstanceId"]

    told = explained(night, first)
    text = "\n".join(explanation_lines(told))

    assert f"stopped, Standby in {WEB}" in text.splitlines()[0]
    assert told.in_order is True
    assert text.splitlines()[1].startswith("Wanted OFF, is off since ")
    assert "InService, running → Standby, stopped" in text
    assert "by envctl (scheduled), audit " in text
    assert "Environment/c50 follows Schedule/office-hours" in text
    assert "c50.yaml:1   set by " in text
    order = "override – · instance tag – · group tag – · role Web – · [environment office-hours]"
    assert f"Order         {order}" in text.splitlines()
    assert "Blocks        nothing" in text
    assert told.power is not None
    assert [change.state for change in told.power.next] == ["on", "off", "on"]
    assert told.power.next[0].at == MORNING - timedelta(seconds=30)
    assert f"envctl override {first} schedule=on --until 10:00" in text
    assert "envctl override c50 schedule=on" in text


def test_what_a_person_tagged_says_so_and_is_found_by_name_and_address(night: PowerEstate) -> None:
    told = explained(night, "kept")
    address = said(told)["heading"][0].split()[-1]

    assert "tag Schedule = on" in said(told)["why"][0]
    assert [rule.shown for rule in order_of(told)] == [
        "override –",
        "[instance tag on]",
        "group tag –",
        "role Web –",
        "environment office-hours",
    ]
    assert said(told)["verdict"].startswith("Wanted ON, is on")
    assert told.power is not None
    assert told.power.next == ()
    assert explained(night, address).ref == told.ref


def test_an_environment_and_a_group(night: PowerEstate) -> None:
    environment, group = explained(night, "c50"), explained(night, WEB)

    assert said(environment)["heading"][:2] == ["Environment/c50  staging-eu", "3 stopped"]
    assert said(environment)["verdict"].startswith("Wanted OFF, is off since ")
    assert said(group)["heading"][1] == "3 Standby"
    assert "stop × 3" in "\n".join(said(environment)["lastChange"])
    assert said(group)["order"][-1]["verdict"] == "decides"


@pytest.mark.slow
def test_any_other_time(night: PowerEstate) -> None:
    later = explained(night, "c50", END + timedelta(minutes=30))

    assert said(later)["wanted"] == "on"
    assert said(later)["verdict"].endswith("wanted ON, as schedules and overrides are now")


@pytest.mark.slow
def test_an_override_decides_and_its_end_is_the_next_change(night: PowerEstate) -> None:
    now = night.clock.now
    made = Overrides(accepted_now(night.installation, now, night.accounts()), now, PERSON)
    asked = OverrideAsked(
        what="c50", assignments=["schedule=on"], until="+5m", until_git=False, reason="release"
    )
    made.carry_out(made.prepare(asked, lambda _: ""))

    told = explained(night, "c50")

    assert said(told)["wanted"] == "on"
    assert order_of(told)[0].shown == "[override on]"
    assert "Environment/c50 by envctl: release" in said(told)["why"][0]
    assert told.power is not None
    assert told.power.next[0].state == "off"
    assert told.power.next[0].at == now + timedelta(minutes=5)
    assert len(told.overrides) == 1
    # The document still says what it said.
    assert order_of(told)[-1].shown == "environment office-hours"
    assert said(told)["order"][0]["verdict"] == "decides"


@pytest.mark.slow
def test_tags_that_keep_it_on_for_a_while_or_that_nobody_can_read(night: PowerEstate) -> None:
    kept, wrong = night.instance("c51"), night.instance("c51", Schedule="start: 61 8 * * *;")
    until = (night.clock.now + timedelta(minutes=5)).replace(microsecond=0)
    night.tag(kept, envctl__override=f"on until {until:%Y-%m-%dT%H:%M:%S}Z")

    held, broken = explained(night, kept), explained(night, wrong)

    assert said(held)["wanted"] == "on"
    assert said(held)["next"][0] == {
        "at": until.isoformat(),
        "utc": iso_ms(until),
        "state": "off",
    }
    assert [command["text"] for command in said(held)["commands"]] == [
        f"take the tag envctl:override off {kept}; an override to off does not go before it"
    ]
    tag = {"Key": "envctl:override", "Value": f"on until {until:%Y-%m-%dT%H:%M:%S}Z"}
    on_group = {"ResourceId": WEB, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    night.client("autoscaling").create_or_update_tags(Tags=[{**tag, **on_group}])
    assert f"off {WEB};" in said(explained(night, WEB))["commands"][0]["text"]
    assert "not valid" in said(broken)["blocks"][0]
    assert [command["text"] for command in said(broken)["commands"]] == [
        f"correct the tag Schedule of {wrong}, or take it off"
    ]


@pytest.mark.slow
def test_a_tag_that_envctl_wrote_for_a_role_leads_to_the_role(night: PowerEstate) -> None:
    tags = {"Schedule": "noschedule", "envctl:schedule": "noschedule"}
    night.client("autoscaling").create_or_update_tags(
        Tags=[
            {
                "ResourceId": WEB,
                "ResourceType": "auto-scaling-group",
                "Key": key,
                "Value": value,
                "PropagateAtLaunch": False,
            }
            for key, value in tags.items()
        ]
    )

    why = said(explained(night, WEB))["why"]

    assert (
        why[0] == f"tag Schedule = noschedule on group {WEB}, written there by envctl for its role"
    )
    assert why[1].startswith("role Web of DeploymentMap/web has a schedule of its own")
    now = night.clock.now
    state = accepted_now(night.installation, now, night.accounts())
    listed = exceptions_of(CachedLook(state, now).evaluate(), state.accepted, now, Filter())
    assert {exception.name for exception in listed if exception.by_tag} <= {"kept"}


@pytest.mark.slow
def test_a_tag_has_the_key_that_the_settings_give_it(night: PowerEstate) -> None:
    """explain, exceptions and the decision itself go by the same key; the usual one says nothing then."""
    night.live = {"tagKeys": {"Schedule": "off-hours"}}
    kept = night.instance("c51", Name="by another key", **{"off-hours": "on", "Schedule": "off"})
    follows = night.instance("c51", Name="follows", Schedule="on")
    wrong = night.instance("c51", **{"off-hours": "rubbish"})
    first, *_ = (member["InstanceId"] for member in night.look(WEB)["Instances"])

    told, other = explained(night, kept), explained(night, follows)
    now = night.clock.now
    state = accepted_now(night.installation, now, night.accounts())
    listed = exceptions_of(CachedLook(state, now).evaluate(), state.accepted, now, Filter())

    assert (said(told)["wanted"], said(other)["wanted"]) == ("on", "off")
    assert said(told)["why"] == [
        f"tag off-hours = on on {kept}, put there by a person (AWS does not say who)"
    ]
    assert said(told)["next"] == []
    assert [command["text"] for command in said(told)["commands"]] == [
        f"take the tag off-hours off {kept}; an override to off does not go before it"
    ]
    assert [change["state"] for change in said(other)["next"]] == ["on", "off", "on"]
    assert "off-hours" not in str(said(other)["commands"])
    assert [command["text"] for command in said(explained(night, wrong))["commands"]] == [
        f"correct the tag off-hours of {wrong}, or take it off"
    ]
    assert said(explained(night, first))["next"]
    why = {
        one["name"]: one["why"]
        for one in printed("schedule-exceptions", exceptions_json(listed, {}, now))["exceptions"]
    }
    assert why["by another key"] == "tag off-hours = on on the instance"
    assert "tag" not in why["follows"]


@pytest.mark.slow
def test_what_the_settings_keep_power_off_says_so(night: PowerEstate) -> None:
    night.power = {"limitTo": {"environments": ["c51"]}}
    first, *_ = [one["InstanceId"] for one in night.look(WEB)["Instances"]]

    for what in (first, WEB, "c50"):
        told = explained(night, what)
        assert said(told)["blocks"] == ["power.limitTo in the settings leaves this environment out"]


@pytest.mark.slow
def test_what_belongs_to_nothing_and_what_is_nothing(night: PowerEstate) -> None:
    assert "never touched" in said(explained(night, "stranger"))["verdict"]
    with pytest.raises(WrongUsage, match="nothing is called 'i-0123'"):
        explained(night, "i-0123")
