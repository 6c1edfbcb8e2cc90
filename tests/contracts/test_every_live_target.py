"""What holds for every live target, extensions too: looking changes nothing, wishes are pure, applying reaches a fixed point.

Doing a plan twice is doing it once, and what is not ours survives.
"""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller import catalog
from controller.engine.lease import Claim
from controller.engine.live_plan import LiveAsked
from controller.engine.whole_run import apply_whole
from controller.ports import LiveTarget
from controller.sandbox.account_needs import needs_of
from controller.targets.replica_parts.replicated import replicated
from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import ACCOUNT, FLEET, REGION
from tests.support.live_accounts import SCOPE, LiveEstate, live_changes, live_scopes

TARGETS = catalog.live_targets(("tests.support.extension_targets",))
NAMES = [target.name for target in TARGETS]
READS = ("AssumeRole", "Batch", "Describe", "Get", "List", "Query", "Scan")
MAX_RUNS = 8


def documents() -> dict[tuple[str, str], dict[str, Any]]:
    """Return a fleet in which every target has something to do."""
    made = deepcopy(FLEET)
    (role,) = made["DeploymentMap", "web"]["roles"]
    role["scalingSchedules"] = [{"recurrence": "0 5 * * *", "minCapacity": 1, "desiredCapacity": 2}]
    made["Environment", "c51"] = made["Environment", "c50"]
    return made


class World:
    """An installation over the sandbox, with all targets at work."""

    def __init__(self, aws: AwsForTests, folder: Path) -> None:
        self.aws = aws
        modes = {name: "enforce" for name in NAMES if name != "owners"}
        settings = {
            "targets": {**modes, "others": {"owners": "enforce"}},
            "power": {"graceSeconds": 0, "lookAgainSeconds": 1.0},
        }
        by_kind: dict[str, dict[str, dict[str, Any]]] = {}
        for (kind, name), spec in documents().items():
            by_kind.setdefault(kind, {})[name] = spec
        needs = needs_of(by_kind, REGION)
        aws.controls.send("accounts", {"accounts": [one.as_json() for one in needs]})
        self.estate = LiveEstate(folder, TARGETS, yaml.safe_dump(settings))
        self.estate.has({"shared.yaml": None, "staging.yaml": None})
        for (kind, name), spec in documents().items():
            self.write(kind, name, spec)
        self.make_tables()

    def make_tables(self) -> None:
        """Make the tables that copies go to, as the account's owner does."""
        client = self.aws.client("dynamodb", ACCOUNT, REGION)
        for table in replicated(self.estate.settings.options.replicate, "", "").tables.values():
            keys = table.key_attributes()
            client.create_table(
                TableName=table.name,
                AttributeDefinitions=[
                    {"AttributeName": one.name, "AttributeType": one.type} for one in keys
                ],
                KeySchema=[{"AttributeName": keys[0].name, "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )

    def write(self, kind: str, name: str, spec: dict[str, Any]) -> None:
        """Write a document."""
        head = {"apiVersion": "envctl/v1", "kind": kind, "metadata": {"name": name}}
        self.estate.has({f"{kind}-{name}.yaml": yaml.safe_dump({**head, "spec": spec})})

    def settles(self) -> set[str]:
        """Apply until there is nothing to do; return the targets that had something to do."""
        done: set[str] = set()
        for _ in range(MAX_RUNS):
            report = self.estate.applied()
            assert [one.message for one in report.outcomes if one.status != "applied"] == []
            if not report.outcomes:
                return done
            done |= {one.change.target for one in report.outcomes}
        raise AssertionError(f"still {live_changes(self.estate.planned())}")


@pytest.fixture
def world(aws: AwsForTests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    return World(aws, tmp_path / "fleet")


@pytest.mark.parametrize("target", TARGETS, ids=NAMES)
def test_it_says_what_it_is(target: LiveTarget) -> None:
    assert target.name == target.name.lower()
    assert target.kinds
    assert target.summary.endswith(".")


def test_looking_changes_nothing_and_wishes_are_pure(world: World) -> None:
    world.settles()
    live = world.estate.live()
    seen = world.estate.planned("config", live=live)
    assert seen.plan.changes == ()
    counter = live.installation.master.aws.counter
    whole = world.estate.planned(SCOPE, live=live)
    counter.clear()
    assert whole.live is not None
    again = live.plan(
        whole.live.accepted,
        [one.setup for one in whole.live.scopes],
        LiveAsked(now=world.estate.clock.now, deep=True),
    )
    written = {
        name for name in counter.by_operation() if not name.partition(".")[2].startswith(READS)
    }
    assert written == set()
    (scope,) = again.scopes
    assert {part.target.name for part in scope.view.parts} == set(NAMES)
    for part in scope.view.parts:
        projected = [
            part.target.project(
                whole.live.accepted, scope.setup.scope, part.observed, world.estate.clock.now
            )
            for _ in range(2)
        ]
        assert projected[0] == projected[1], part.target.name
        kinds = {ref.kind for ref in (*part.observed.objects, *projected[0].projections)}
        assert kinds <= set(part.target.kinds)
        keys = [ref.key for ref in (*part.observed.objects, *projected[0].projections)]
        assert all(key.startswith(f"{SCOPE}/") for key in keys)


def test_every_target_has_something_to_do_and_comes_to_its_end(world: World) -> None:
    done = world.settles()
    spec = documents()["Environment", "c51"]
    world.write("Environment", "c51", {**spec, "schedule": "off"})
    done |= world.settles()
    assert done == {"tables", *NAMES}
    assert live_changes(world.estate.planned()) == []
    records = world.estate.records()
    announced = [one.audit_id for one in records if one.phase == "intended"]
    ended = [one.intended for one in records if one.phase != "intended"]
    assert sorted(announced) == sorted(ended)
    assert {one.phase for one in records} == {"intended", "succeeded"}


def test_doing_a_plan_twice_is_doing_it_once(world: World) -> None:
    live = world.estate.live()
    whole = world.estate.planned(live=live)
    apply_whole(live, whole, Claim("worker-a"), lambda _: None)
    before = {str(one.ref) for one in live_changes(world.estate.planned())}
    apply_whole(live, whole, Claim("worker-a"), lambda _: None)
    assert {str(one.ref) for one in live_changes(world.estate.planned())} <= before
    world.settles()


def test_what_is_not_ours_survives(world: World) -> None:
    world.settles()
    scaling = world.aws.client("autoscaling", ACCOUNT, REGION)
    ssm = world.aws.client("ssm", ACCOUNT, REGION)
    pointer = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["LaunchTemplate"]
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="somebodys",
        LaunchTemplate={
            "LaunchTemplateId": pointer["LaunchTemplateId"],
            "Version": pointer["Version"],
        },
        MinSize=1,
        DesiredCapacity=1,
        MaxSize=1,
        AvailabilityZones=[f"{REGION}a"],
        Tags=[{"Key": "Role", "Value": "Other", "PropagateAtLaunch": True}],
    )
    scaling.put_scheduled_update_group_action(
        AutoScalingGroupName="somebodys",
        ScheduledActionName="mine",
        Recurrence="0 5 * * *",
        DesiredCapacity=1,
    )
    ssm.put_parameter(Name="/owners/somebodys", Value="me", Type="String")
    mine = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["somebodys"])

    world.settles()

    found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["somebodys"])
    assert found["AutoScalingGroups"] == mine["AutoScalingGroups"]
    assert ssm.get_parameter(Name="/owners/somebodys")["Parameter"]["Value"] == "me"
    notes = [note for scope in live_scopes(world.estate.planned()) for note in scope.notes]
    assert any(note.ref.key == f"{SCOPE}/somebodys" for note in notes)
