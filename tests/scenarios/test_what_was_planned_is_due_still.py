"""Two people apply at once: what was planned is looked at again once a scope is ours, and only what is due still is done.

Covers: engine.config.still_due, engine.live.latest_accepted, engine.live.still_due, engine.reconcile.run_report.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from moto import mock_aws

from controller.engine.overrides.service import OverrideAsked, Overrides
from controller.engine.power.fleet import accepted_now
from controller.engine.reconcile.reconciler import Reconciled, Reconciler
from controller.errors import ExitCode
from controller.model.plan import Status
from controller.sources.folder import FolderSource
from tests.support.embedded_aws import AwsForTests
from tests.support.fleet_yaml import environment
from tests.support.live_accounts import SCOPE, LiveEstate, live_changes
from tests.support.people import SERVICE, Person
from tests.support.power_estate import AFTERNOON, EVENING, PERSON, PowerEstate
from tests.support.reconcilers import asked
from tests.support.reconcilers import reconciler as reconciler_of
from tests.support.request_faults import request_faults

CLUSTER = """apiVersion: envctl/v1
kind: Cluster
metadata: {name: Unused}
spec: {shortName: un}
"""


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[LiveEstate]:
    with mock_aws():
        made = LiveEstate(tmp_path / "fleet")
        made.has(
            {
                "c50.yaml": environment("c50"),
                "a.yaml": SERVICE % ("PortA", "Tango", 40001),
                "b.yaml": SERVICE % ("PortB", "Tango", 40002),
                "unused.yaml": CLUSTER,
            }
        )
        made.applied()
        yield made


@pytest.fixture
def ada(estate: LiveEstate, tmp_path: Path) -> Person:
    return Person(estate, tmp_path / "ada", "ada")


@pytest.fixture
def bob(estate: LiveEstate, tmp_path: Path) -> Person:
    return Person(estate, tmp_path / "bob", "bob")


def statuses(done: Reconciled) -> list[str]:
    assert done.report is not None
    return [outcome.status.value for outcome in done.report.outcomes]


def owner(estate: LiveEstate) -> str:
    parameter = estate.client("ssm").get_parameter(Name="/owners/c50")["Parameter"]
    return str(parameter["Value"])


def is_in_order(estate: LiveEstate, person: Person) -> bool:
    """Tell whether the tables obey all rules: they are what this person's clone, loaded and checked, says."""
    return not person.plans({}).planned.plan.to_apply


def test_two_plans_each_right_alone_do_not_give_two_services_one_port(
    estate: LiveEstate, ada: Person, bob: Person
) -> None:
    ada.plans({"c.yaml": SERVICE % ("PortC", "Tango", 40200)})
    bob.plans({"d.yaml": SERVICE % ("PortD", "Tango", 40200)})
    assert statuses(bob.says_yes()) == ["applied"]

    done = ada.says_yes()

    assert statuses(done) == ["skipped"]
    assert done.exit_code is ExitCode.STALE
    assert done.report is not None
    why = done.report.outcomes[0].message
    assert "port 40200 of Service/PortC is taken by Service/PortD" in why.message
    assert "plan again" in str(why)
    assert is_in_order(estate, bob)


@pytest.mark.slow
def test_a_cluster_in_use_by_now_is_not_deleted(
    estate: LiveEstate, ada: Person, bob: Person
) -> None:
    ada.plans({"unused.yaml": None})
    bob.plans({"b.yaml": SERVICE % ("PortB", "Unused", 40002)}).says_yes()

    done = ada.says_yes()

    assert (statuses(done), done.exit_code) == (["skipped"], ExitCode.STALE)
    assert done.report is not None
    why = done.report.outcomes[0].message
    assert "the tables were changed meanwhile (Service/PortB)" in why.message
    assert is_in_order(estate, bob)


@pytest.mark.slow
def test_a_share_of_deletes_is_not_passed_twice(
    estate: LiveEstate, tmp_path: Path, ada: Person
) -> None:
    estate.has({f"s{n}.yaml": SERVICE % (f"S{n}", "Tango", 40100 + n) for n in range(20)})
    estate.settings_text += "\nguards: {maxDeletes: 100, maxDeleteShare: 0.3}"
    estate.applied()
    first = Person(estate, tmp_path / "first", "first")
    second = Person(estate, tmp_path / "second", "second")
    second.plans({f"s{n}.yaml": None for n in range(6)})
    first.plans({f"s{n}.yaml": None for n in range(6, 12)})
    assert first.says_yes().exit_code == 0

    assert second.says_yes().exit_code is ExitCode.STALE
    assert is_in_order(estate, first)


def test_the_second_apply_of_a_revision_finds_it_done(
    estate: LiveEstate, ada: Person, bob: Person
) -> None:
    edit: dict[str, str | None] = {f"e{n}.yaml": environment(f"e{n}") for n in range(8)}
    ada.plans(edit)
    assert bob.plans(edit).says_yes().exit_code == 0

    done = ada.says_yes()

    assert set(statuses(done)) == {"already done"}
    assert done.exit_code == 0
    assert len(estate.records()) == 2 * 9


def test_what_others_did_not_touch_is_done_though_an_override_came(
    estate: LiveEstate, ada: Person
) -> None:
    ada.plans({"c51.yaml": environment("c51")})
    overridden(estate, "c50", "owningCluster=Search")

    done = ada.says_yes()

    assert statuses(done) == ["applied", "applied"]
    assert done.exit_code == 0
    # Nobody saw what the override brings: the next plan shows it.
    assert "Tango" in owner(estate)
    assert [str(change.ref) for change in ada.plans({}).planned.plan.changes][:1] == [
        "Environment/c50"
    ]


def overridden(estate: LiveEstate, what: str, value: str) -> None:
    now = estate.clock.now
    made = Overrides(accepted_now(estate.installation, now, estate.live()), now, PERSON)
    until = (now + timedelta(hours=1)).isoformat()
    typed = OverrideAsked(
        what=what, assignments=(value,), until=until, until_git=False, reason="trial"
    )
    made.carry_out(made.prepare(typed, lambda _: ""))


@pytest.mark.slow
def test_the_live_part_of_an_older_apply_takes_nothing_back(
    estate: LiveEstate, ada: Person, bob: Person
) -> None:
    ada.plans({"c50.yaml": environment("c50", owner="Search")})
    bob.plans({"c50.yaml": environment("c50", owner="Unused")})
    with request_faults() as faults:
        # Ada's tables are written, her accounts not yet: Bob applies all of his.
        faults.at("PutItem", before=lambda: bob.plans({}).says_yes())

        done = ada.says_yes()

    assert "Unused" in owner(estate)
    assert statuses(done) == ["applied", "skipped"]
    assert done.exit_code is ExitCode.STALE
    # Nor does she say of the scope what was true before.
    bobs = bob.planned.plan.revision
    assert {status.revision for status in estate.statuses().values()} == {bobs}
    assert live_changes(bob.plans({}).planned) == []
    head = estate.installation.leases.read("config")
    assert head is not None
    assert head.revision == bobs


@pytest.mark.slow
def test_healing_names_the_revision_the_tables_hold(
    estate: LiveEstate, ada: Person, bob: Person
) -> None:
    ada.plans({"c50.yaml": environment("c50", owner="Search")})
    with request_faults() as faults:
        edited: dict[str, str | None] = {"c50.yaml": environment("c50", owner="Unused")}
        faults.at("PutItem", before=lambda: bob.plans(edited).says_yes())
        ada.says_yes()
    estate.client("ssm").delete_parameters(Names=["/owners/c50"])

    estate.applied(SCOPE)

    assert estate.records()[-1].actor.commit == bob.planned.plan.revision


@pytest.mark.slow
def test_a_second_look_that_sees_nothing_is_told(estate: LiveEstate, ada: Person) -> None:
    ada.plans({"c50.yaml": environment("c50", owner="Search")})
    estate.clock.sleep(62)
    with request_faults() as faults:
        faults.at("DescribeInstances", code="UnauthorizedOperation", times=None)
        done = ada.says_yes()

    assert statuses(done) == ["applied", "skipped"]
    assert done.exit_code is ExitCode.DENIED
    assert "Tango" in owner(estate)
    assert estate.statuses()[SCOPE].revision != ada.planned.plan.revision


@pytest.fixture
def power(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    made = PowerEstate(sandbox, tmp_path / "power")
    made.tick()
    return made


def _override(power: PowerEstate, until: str) -> None:
    now = power.clock.now
    made = Overrides(accepted_now(power.installation, now, power.accounts()), now, PERSON)
    typed = OverrideAsked(
        what="c50",
        assignments=("schedule=on",),
        until=until,
        until_git=False,
        reason="release night",
    )
    made.carry_out(made.prepare(typed, lambda _: ""))


def _person(power: PowerEstate) -> Reconciler:
    return reconciler_of(FolderSource(power.folder), power.accounts(), lambda: power.clock.now)


@pytest.mark.slow
def test_an_override_made_meanwhile_is_not_overrun(power: PowerEstate) -> None:
    power.instance("c50")
    power.at(EVENING - timedelta(minutes=5)).environment("c50", schedule='"off"')
    ada, request = _person(power), asked(worker="ada")
    planned = ada.plan(request)
    assert [change.action for change in planned.plan.changes] == ["update", "stop"]
    _override(power, "+5m")

    done = ada.apply(planned, request)

    assert set(power.states().values()) == {"running"}
    assert done.exit_code is ExitCode.STALE


@pytest.mark.slow
def test_a_stop_that_an_override_forbids_by_now_is_not_made(power: PowerEstate) -> None:
    power.instance("c50")
    power.at(EVENING)
    ada, request = _person(power), asked(worker="ada")
    planned = ada.plan(request)
    assert [change.action for change in planned.plan.changes] == ["stop"]
    _override(power, "+5m")

    done = ada.apply(planned, request)

    assert set(power.states().values()) == {"running"}
    assert statuses(done) == [Status.SKIPPED]
    assert done.exit_code is ExitCode.STALE


@pytest.mark.slow
def test_nothing_is_started_for_an_override_that_has_ended(power: PowerEstate) -> None:
    power.instance("c50")
    power.at(EVENING).tick()
    assert set(power.states().values()) == {"stopped"}
    now = power.clock.now
    made = Overrides(accepted_now(power.installation, now, power.accounts()), now, PERSON)
    until = (now + timedelta(seconds=30)).isoformat()
    typed = OverrideAsked(
        what="c50", assignments=("schedule=on",), until=until, until_git=False, reason="trial"
    )
    prepared = made.prepare(typed, lambda _: "")
    with request_faults() as faults:
        faults.at("StartInstances", code="UnauthorizedOperation", times=None)
        made.carry_out(prepared)
    ada, request = _person(power), asked("staging-eu/eu-west-1", worker="ada")
    planned = ada.plan(request)
    assert [change.action for change in planned.plan.changes] == ["start"]
    power.clock.sleep(31)

    done = ada.apply(planned, request)

    assert set(power.states().values()) == {"stopped"}
    assert statuses(done) == [Status.SKIPPED]


@pytest.mark.slow
def test_the_plan_says_what_it_was_made_from(power: PowerEstate) -> None:
    planned = _person(power.at(AFTERNOON)).plan(asked(worker="ada")).plan

    assert planned.planned_from is not None
    assert planned.planned_from.sequence > 0
    assert planned.planned_from.revision == planned.revision
    # Office hours end.
    assert planned.planned_from.turns_at == EVENING - timedelta(seconds=30)
