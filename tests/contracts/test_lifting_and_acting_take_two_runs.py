"""Whatever holds a change back holds it in the run that lifts it: no revision both takes a barrier away and does what it held.

What somebody else lifts (an override, what puts back drift) holds for that run; a revision that lifts and acts is refused.

Covers: engine.config.lifting.
"""

import ast
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import boto3
import pytest
from moto import mock_aws

import controller
from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.engine.state.override_rows import row_of_override
from controller.errors import PlanRefused
from controller.model.accepted import AcceptedState
from controller.model.live import LiveLook
from controller.model.observed import ObservedState, ScopeState
from controller.model.override import Override
from controller.model.plan import Cause
from controller.model.ref import ResourceRef
from controller.planning.guards import EFFECTS
from controller.ports import Projected
from tests.support.extension_targets.owners import OwnerParameters
from tests.support.fleet_yaml import account, environment
from tests.support.live_accounts import SHARED, LiveEstate, live_scopes

pytestmark = pytest.mark.slow

Files = Mapping[str, str | None]
Guard = tuple[str, str]
"""The module that knows a barrier, and the barrier's name."""


class EndingOwners(OwnerParameters):
    """Parameters that count as groups do: their deletes end instances, their updates replace them for an image."""

    def project(
        self, accepted: AcceptedState, look: LiveLook, observed: ObservedState, now: datetime
    ) -> Projected:
        """Ask for nothing for environments that are retired."""
        every = super().project(accepted, look, observed, now)
        staying = {
            ref: projection
            for ref, projection in every.projections.items()
            if accepted.spec("Environment", every.environments[ref]).lifecycle != "retired"
        }
        shapings = {
            ref: shaping._replace(cause=Cause.IMAGE)
            for ref, shaping in every.shapings.items()
            if ref in observed.objects
        }
        return replace(every, projections=staying, shapings=shapings, deletes_end_instances=True)


def calendar(day: str) -> str:
    return (
        "apiVersion: envctl/v1\nkind: Calendar\nmetadata: {name: launch}\n"
        f'spec: {{dates: [{{date: "{day}", name: Launch day}}]}}\n'
    )


def protected(text: str) -> str:
    return text.replace("{name: c50}", "{name: c50, protect: true}")


def of_type(fields: str) -> str:
    return account("staging-eu", of_type=fields)


def make_unreadable(estate: LiveEstate) -> None:
    """Let another program write into an environment's item what no document of its kind says."""
    del estate
    boto3.client("dynamodb", "eu-west-1").update_item(
        TableName="ConfigEnvironments",
        Key={"EnvironmentName": {"S": "c50"}},
        UpdateExpression="SET #value.#field = :nothing",
        ExpressionAttributeNames={"#value": "Value", "#field": "OwningCluster"},
        ExpressionAttributeValues={":nothing": {"L": []}},
    )


def lock(estate: LiveEstate) -> None:
    """Let another program lock an environment whose document says that it is not."""
    del estate
    boto3.client("dynamodb", "eu-west-1").update_item(
        TableName="InfraOpsEnvironment",
        Key={"EnvironmentName": {"S": "c50"}},
        UpdateExpression="SET #value.#field = :locked",
        ExpressionAttributeNames={"#value": "Value", "#field": "DeploymentsLocked"},
        ExpressionAttributeValues={":locked": {"BOOL": True}},
    )


def nothing(estate: LiveEstate) -> None:
    del estate


class Lift(NamedTuple):
    """What was applied, and the revision that lifts what protects and acts; ``then`` is what the run after it has made."""

    applied: Files
    revision: Files
    then: str | None = "Search"
    """The owner in the account once both runs are through; None for deleted."""
    behind_our_back: Callable[[LiveEstate], None] = nothing


MOVED = environment("c50", owner="Search")
RETIRED = environment("c50", more=", lifecycle: retired")
OTHER_TEAM = SHARED.replace("shortName: ta", "shortName: ta, groupEmailAddress: tango@example.com")
TODAY = "2026-06-01"
LOCKED, UNLOCKED = ", deploymentsLocked: true", ", deploymentsLocked: false"
SCHEDULED = environment("c50", more=", schedule: on")
FROZEN: Files = {"days.yaml": calendar(TODAY), "staging.yaml": of_type(", freeze: [launch]")}
NO_PATCHES: Files = {"staging.yaml": of_type(", protectedActions: [BULK_PATCH_AMI]")}
NO_SCHEDULES: Files = {"staging.yaml": of_type(", protectedActions: [SCHEDULE_ENVIRONMENT]")}
FREE: Files = {"staging.yaml": of_type("")}
LIVE: dict[Guard, tuple[Lift, ...]] = {
    ("barriers", "retireFirst"): (Lift({}, {"c50.yaml": RETIRED}, then=None),),
    ("barriers", "unreadable"): (Lift({}, {"c50.yaml": MOVED}, behind_our_back=make_unreadable),),
    ("barriers", "deployLock"): (
        Lift(
            {"c50.yaml": environment("c50", more=UNLOCKED)},
            {"c50.yaml": environment("c50", owner="Search", more=UNLOCKED)},
            behind_our_back=lock,
        ),
    ),
}
"""Lifted by no revision, or by the very edit that acts: held by the run that lifts, and done by the one after it."""
CONFIG: dict[Guard, tuple[Lift, ...]] = {
    # Protected from now on holds as well as protected until now.
    ("compute_plan", "protectedActions"): (Lift({}, {**NO_SCHEDULES, "c50.yaml": SCHEDULED}),),
}
REFUSED: dict[Guard, tuple[Lift, ...]] = {
    ("guards", "protected"): (Lift({"c50.yaml": protected(RETIRED)}, {"c50.yaml": None}),),
    ("guards", "retireFirst"): (Lift({}, {"c50.yaml": None}),),
    ("barriers", "protected"): (
        Lift({"c50.yaml": protected(environment("c50"))}, {"c50.yaml": RETIRED}),
        Lift({"c50.yaml": protected(environment("c50"))}, {"c50.yaml": MOVED}),
    ),
    ("barriers", "deployLock"): (
        Lift(
            {"c50.yaml": environment("c50", more=LOCKED)},
            {"c50.yaml": environment("c50", owner="Search", more=UNLOCKED)},
        ),
        Lift(
            {"c50.yaml": environment("c50", more=LOCKED)},
            {"c50.yaml": RETIRED.replace("retired", "retired, deploymentsLocked: false")},
        ),
        # What an environment is made of is in other documents, too.
        Lift(
            {"c50.yaml": environment("c50", more=LOCKED)},
            {"c50.yaml": environment("c50", more=UNLOCKED), "shared.yaml": OTHER_TEAM},
        ),
        Lift({"c50.yaml": RETIRED.replace("retired", f"retired{LOCKED}")}, {"c50.yaml": None}),
    ),
    ("barriers", "freeze"): (
        Lift(FROZEN, {**FREE, "c50.yaml": MOVED}),
        Lift(FROZEN, {"days.yaml": calendar("2031-01-01"), "c50.yaml": MOVED}),
    ),
    ("barriers", "protectedActions"): (Lift(NO_PATCHES, {**FREE, "c50.yaml": MOVED}),),
    ("compute_plan", "protectedActions"): (Lift(NO_SCHEDULES, {**FREE, "c50.yaml": SCHEDULED}),),
}
"""Refused, whatever approves, until there are two revisions."""
ALONE: dict[str, Lift] = {
    "deployLock": Lift(
        {"c50.yaml": environment("c50", more=LOCKED)},
        {"c50.yaml": environment("c50", more=UNLOCKED), "c51.yaml": environment("c51")},
    ),
    "deployLock, with a schedule": Lift(
        {"c50.yaml": environment("c50", more=LOCKED)},
        {"c50.yaml": environment("c50", more=f"{UNLOCKED}, schedule: on")},
    ),
    "protected": Lift(
        {"c50.yaml": protected(environment("c50"))}, {"c50.yaml": environment("c50")}
    ),
    "freeze": Lift(FROZEN, FREE),
    "freeze, by its calendar": Lift(FROZEN, {"days.yaml": calendar("2031-01-01")}),
    "still frozen, by another day": Lift(
        FROZEN, {"days.yaml": calendar(TODAY).replace("Launch day", "Day"), "c50.yaml": MOVED}
    ),
    "protectedActions": Lift(NO_PATCHES, FREE),
    "protected schedules": Lift(NO_SCHEDULES, FREE),
    "a lock that comes": Lift({}, {"c50.yaml": environment("c50", owner="Search", more=LOCKED)}),
}
"""Revisions that only lift, or change what no barrier held: nothing is refused."""
LIFTED_BY_NO_DOCUMENT = {
    ("compute_plan", "stillNamed"): "what names it is in the tables and in no document",
    (
        "guards",
        "adoptAsItIs",
    ): "what is taken over is as the tables hold it: a person says otherwise",
    ("guards", "emptySource"): "a source that is not empty is another source",
    ("guards", "truncatedSource"): "counts files that are gone",
    ("guards", "approvalRequired"): "the settings ask for it",
    ("guards", "sourceRewound"): "counts commits, which no document says",
    ("guards", "maxDeletes"): "a limit of the settings",
    ("guards", "maxUpdateShare"): "a limit of the settings",
    **{("guards", guard): "a limit of the settings" for _, guard, _, _ in EFFECTS},
}


def barriers_in_the_code() -> Iterator[Guard]:
    """Yield what any module calls a barrier, or a guard's violation, by a name it writes out."""
    for path in Path(controller.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            named = [word.value for word in node.keywords if word.arg == "guard"]
            if isinstance(node.func, ast.Name) and node.func.id == "_violation":
                named = node.args[:1]
            for name in named:
                if isinstance(name, ast.Constant):
                    yield path.stem, str(name.value)


def test_every_barrier_has_its_case_here() -> None:
    cases = {*LIVE, *CONFIG, *REFUSED, *LIFTED_BY_NO_DOCUMENT}
    of_effects = {("guards", guard) for _, guard, _, _ in EFFECTS}
    assert {*barriers_in_the_code()} | of_effects == cases


def cases(table: Mapping[Guard, tuple[Lift, ...]]) -> list[object]:
    return [
        pytest.param(guard, lift, id=f"{module}-{guard}-{place}")
        for (module, guard), lifts in table.items()
        for place, lift in enumerate(lifts)
    ]


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[LiveEstate]:
    with mock_aws():
        made = LiveEstate(tmp_path / "fleet", targets=(EndingOwners(),))
        made.has({"c50.yaml": environment("c50")}).applied()
        yield made


def owner(estate: LiveEstate) -> str | None:
    found = estate.client("ssm").get_parameters(Names=["/owners/c50"])["Parameters"]
    return str(json.loads(found[0]["Value"])["owner"]) if found else None


def with_days(files: Files, estate: LiveEstate) -> Files:
    """Return files with the day that it is in place of the one that stands for it."""
    today = f"{estate.clock.now:%Y-%m-%d}"
    return {name: text and text.replace(TODAY, today) for name, text in files.items()}


@pytest.mark.parametrize(("guard", "lift"), cases(LIVE))
def test_in_a_live_account(estate: LiveEstate, guard: str, lift: Lift) -> None:
    estate.has(with_days(lift.applied, estate)).applied()
    lift.behind_our_back(estate)
    estate.has(with_days(lift.revision, estate))

    (scope,) = live_scopes(estate.planned())
    assert scope.changes == ()
    assert scope.left_to_next_run == 1
    assert any("as applied last" in note.text for note in scope.notes)
    estate.applied_once()
    assert owner(estate) == "Tango", f"{guard} was lifted and passed in one run"
    estate.applied_once()
    assert owner(estate) == lift.then, "the run after it goes on"


@pytest.mark.parametrize(("guard", "lift"), cases(CONFIG))
def test_in_the_tables(estate: LiveEstate, guard: str, lift: Lift) -> None:
    estate.has(lift.applied).applied()
    estate.has(lift.revision)

    config = estate.planned().plan.scopes[0]
    assert "Environment/c50" not in {str(change.ref) for change in config.changes}
    (note,) = [note for note in config.notes if note.category == "blocked"]
    assert "is protected against SCHEDULE_ENVIRONMENT" in note.text, guard
    estate.applied_once()
    assert estate.planned("config").plan.changes == ()


@pytest.mark.parametrize(("guard", "lift"), cases(REFUSED))
def test_one_revision_that_does_both_is_refused(estate: LiveEstate, guard: str, lift: Lift) -> None:
    estate.has(with_days(lift.applied, estate)).applied()
    estate.has(with_days(lift.revision, estate))

    # However often it is tried, and whether or not anybody looks at the account.
    for scopes in ((), ("config",), ()):
        (violation,) = {
            violation.guard: violation for violation in estate.planned(*scopes).plan.refused
        }.values()
        assert violation.guard == guard
        with pytest.raises(PlanRefused, match=guard):
            estate.applied_once(*scopes)
        assert owner(estate) == "Tango"


@pytest.mark.parametrize("lift", ALONE.values(), ids=ALONE)
def test_a_revision_that_only_lifts_is_not_refused(estate: LiveEstate, lift: Lift) -> None:
    estate.has(with_days(lift.applied, estate)).applied()
    estate.has(with_days(lift.revision, estate))

    assert estate.planned().plan.refused == ()
    estate.applied()
    assert estate.planned("config").plan.changes == ()
    assert owner(estate) == "Tango"


def test_what_waited_before_the_revision_that_lifts_goes_on_in_the_run_after_it(
    estate: LiveEstate,
) -> None:
    estate.has({"c50.yaml": environment("c50", more=LOCKED)}).applied()
    estate.has({"c50.yaml": environment("c50", owner="Search", more=LOCKED)}).applied()
    estate.has({"c50.yaml": environment("c50", owner="Search", more=UNLOCKED)})

    planned = estate.planned()
    assert (planned.plan.refused, live_scopes(planned)[0].left_to_next_run) == ((), 1)
    estate.applied_once()
    assert owner(estate) == "Tango"
    estate.applied_once()
    assert owner(estate) == "Search"


def test_nor_does_an_override_lift_in_the_run_that_brings_it(estate: LiveEstate) -> None:
    locked = ", deploymentsLocked: true"
    estate.has({"c50.yaml": environment("c50", more=locked)}).applied()
    estate.has({"c50.yaml": environment("c50", owner="Search", more=locked)})
    ref, now = ResourceRef("Environment", "c50"), estate.clock.now
    path, until = "deploymentsLocked", now + timedelta(minutes=30)
    unlocks = Override("o1", ref, "release night", "ada", now, path, value=False, until=until)
    store = estate.installation.master.store
    store.write(PutWrite("EnvctlState", to_wire(row_of_override(unlocks))))

    (scope,) = live_scopes(estate.planned())
    assert (scope.changes, scope.left_to_next_run) == ((), 1)
    estate.applied_once()
    assert owner(estate) == "Tango"
    estate.applied_once()
    assert owner(estate) == "Search"
    # Once it has ended the lock holds again at once, whatever the tables still say.
    # Not by an hour: credentials of the sandbox last so long by the real clock.
    estate.clock.sleep(1801)
    estate.has({"c50.yaml": environment("c50", more=locked)})
    (scope,) = live_scopes(estate.planned())
    assert (scope.state, scope.changes, scope.left_to_next_run) == (ScopeState.OK, (), 0)
