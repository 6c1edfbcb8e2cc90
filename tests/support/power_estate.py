"""An installation with environments in two accounts of the sandbox, whose instances power switches by schedule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from controller import catalog
from controller.engine.commit.lease import Claim
from controller.engine.config.observe import observe_config
from controller.engine.installation.bootstrap import set_up
from controller.engine.installation.installation import Installation, Master, find_installation
from controller.engine.installation.process_context import ProcessContext
from controller.engine.live.accounts import LiveAccounts
from controller.engine.reconcile.run_report import Followed
from controller.engine.reconcile.tick import PowerRun
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import LedgerRecord, Requester
from controller.model.override import Override
from controller.settings import Settings
from controller.sources.folder import FolderSource
from controller.targets.power import TARGET
from tests.support.clock import Clock
from tests.support.embedded_aws import AwsForTests
from tests.support.fleet_yaml import NUMBERS, account, environment
from tests.support.installed import records_of, rows_of
from tests.support.reconcilers import asked, reconciler

ACCOUNTS = {name: NUMBERS[name] for name in ("staging-eu", "test-eu")}
REGION = "eu-west-1"
END = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=60)
"""When office hours end. The first moment of a story is after the real time, however late in a run of the tests it is told: an
instance that the sandbox launches by the real clock is past its grace."""
AFTERNOON = END - timedelta(minutes=20)
EVENING = END + timedelta(seconds=30)
MORNING = END + timedelta(minutes=20, seconds=30)
CLOCK = Requester("envctl", "schedule")
PERSON = Requester("envctl", "override")


def _daily(moment: datetime) -> str:
    return f"{moment.minute} {moment.hour} * * *"


OFFICE_HOURS = (
    f"start: {_daily(END - timedelta(hours=2))}; stop: {_daily(END)};"
    f" start: {_daily(END + timedelta(minutes=20))}"
)

SHARED = """apiVersion: envctl/v1
kind: Cluster
metadata: {name: Tango}
spec: {shortName: ta, groupEmailAddress: tango@acme.example}
---
apiVersion: envctl/v1
kind: Schedule
metadata: {name: office-hours}
spec: {expression: "%s"}
---
apiVersion: envctl/v1
kind: DeploymentMap
metadata: {name: web}
spec:
  roles:
    - {serverRoleName: Web, owningCluster: Tango, ami: web-1.4.2,
       autoScalingSettings: {minCapacity: 1, desiredCapacity: 3, maxCapacity: 6}}
"""


@dataclass
class PowerEstate:
    """Environments c50 and c51 are in staging-eu, t1 in test-eu; all follow office hours, unless the folder says otherwise."""

    aws: AwsForTests
    folder: Path
    power: Mapping[str, Any] = field(default_factory=dict)
    guards: Mapping[str, Any] = field(default_factory=dict)
    live: Mapping[str, Any] = field(default_factory=dict)
    clock: Clock = field(default_factory=lambda: Clock(AFTERNOON))
    _known: Installation | None = None

    def __post_init__(self) -> None:
        """Furnish the accounts, set up the master, accept the documents, and remember their schedules in the afternoon."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "shared.yaml").write_text(SHARED % OFFICE_HOURS)
        for name in ACCOUNTS:
            (self.folder / f"{name}.yaml").write_text(account(name))
        for name, kind in (("c50", "staging-eu"), ("c51", "staging-eu"), ("t1", "test-eu")):
            self.environment(name, kind)
        self.installation = self._installed()
        self.accept()
        for number in ACCOUNTS.values():
            self._furnish(number)

    def environment(
        self, name: str, kind: str = "staging-eu", schedule: str = "office-hours", more: str = ""
    ) -> None:
        """Write an environment's document."""
        text = environment(name, kind=kind, more=f", schedule: {schedule}{more}")
        (self.folder / f"{name}.yaml").write_text(text)

    def accept(self) -> None:
        """Apply the folder to the config tables."""
        accounts = self.accounts()
        source = FolderSource(self.folder)
        done = reconciler(source, accounts, lambda: self.clock.now).reconcile(
            asked("config", worker="ada")
        )
        assert done.refused is None
        assert done.exit_code in (0, 2), done.report

    def accepted(self, overrides: Sequence[Override] = ()) -> AcceptedState:
        """Return what is accepted now."""
        tables = observe_config(self.installation).scopes[0]
        return self.accounts().accepted(tables, self.clock.now, overrides)

    def run(self) -> PowerRun:
        """Return a run that watches what is accepted."""
        run = PowerRun(self.accounts(), Claim("worker", take_over=True), CLOCK)
        run.watch(self.accepted(), self.clock.now)
        return run

    def tick(self, *overrides: Override) -> Followed:
        """Let a process that just started do what is due."""
        run = PowerRun(self.accounts(), Claim("worker", take_over=True), CLOCK)
        accepted = self.accepted(overrides)
        run.watch(accepted, self.clock.now)
        done = run.tick(accepted, self.clock.now)
        assert done is not None
        return done

    def at(self, moment: datetime) -> "PowerEstate":
        """Let it be another time."""
        self.clock.now = moment
        return self

    def accounts(self) -> LiveAccounts:
        """Return the live accounts as a new process has them."""
        return LiveAccounts(self._found(), (TARGET,))

    def accounts_of(self, instance: str) -> LiveAccounts:
        """Return the live accounts as a process of another name has them, with clients of its own."""
        around = replace(self._surroundings(), instance=instance)
        master = Master(self.settings, around, catalog.kinds())
        return LiveAccounts(find_installation(master), (TARGET,))

    @property
    def settings(self) -> Settings:
        """The settings."""
        return Settings.model_validate(
            {
                "targets": {"power": "enforce"},
                "guards": dict(self.guards),
                "live": dict(self.live),
                "power": {"graceSeconds": 0, "lookAgainSeconds": 1.0, **self.power},
            }
        )

    def client(self, service: str, account: str = "staging-eu") -> Any:
        """Return a client of a child account."""
        return self.aws.client(service, ACCOUNTS[account], REGION)

    def group(self, name: str, account: str = "staging-eu", **more: Any) -> list[str]:
        """Make a group of three running members; return their ids."""
        environment = name.partition("-")[0]
        scaling = self.client("autoscaling", account)
        sizes = {"MinSize": 1, "DesiredCapacity": 3, "MaxSize": 6, **more}
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
            AvailabilityZones=[f"{REGION}a"],
            Tags=[
                {"Key": key, "Value": value, "PropagateAtLaunch": True}
                for key, value in {
                    "Environment": environment,
                    "Role": "Web",
                    "Schedule": "",
                }.items()
            ],
            **sizes,
        )
        return [one["InstanceId"] for one in self.look(name, account)["Instances"]]

    def instance(self, environment: str, account: str = "staging-eu", **tags: str) -> str:
        """Run an instance of no group; return its id."""
        named = {"Environment": environment, "Role": "Web", **tags}
        made = self.client("ec2", account).run_instances(
            LaunchTemplate={"LaunchTemplateName": "web"},
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                {
                    "ResourceType": "instance",
                    "Tags": [{"Key": key, "Value": value} for key, value in named.items()],
                }
            ],
        )
        return str(made["Instances"][0]["InstanceId"])

    def tag(self, instance_id: str, account: str = "staging-eu", **tags: str) -> None:
        """Tag an instance, as a person in the console does."""
        pairs = [{"Key": key.replace("__", ":"), "Value": value} for key, value in tags.items()]
        self.client("ec2", account).create_tags(Resources=[instance_id], Tags=pairs)

    def look(self, group: str, account: str = "staging-eu") -> dict[str, Any]:
        """Return a group as AWS describes it."""
        found = self.client("autoscaling", account).describe_auto_scaling_groups(
            AutoScalingGroupNames=[group]
        )
        one: dict[str, Any] = found["AutoScalingGroups"][0]
        return one

    def states(self, account: str = "staging-eu") -> dict[str, str]:
        """Return the state of every instance that is not terminated."""
        reservations = self.client("ec2", account).describe_instances()["Reservations"]
        return {
            one["InstanceId"]: one["State"]["Name"]
            for reservation in reservations
            for one in reservation["Instances"]
            if one["State"]["Name"] != "terminated"
        }

    def lifecycles(self, group: str, account: str = "staging-eu") -> list[str]:
        """Return the lifecycle states of a group's members."""
        return sorted(one["LifecycleState"] for one in self.look(group, account)["Instances"])

    def records(self, scope: str = "staging-eu/eu-west-1") -> list[LedgerRecord]:
        """Return a scope's records, oldest first."""
        return records_of(self.installation, scope)

    def rows(self) -> dict[str, Any]:
        """Return the controller's own rows, by id."""
        return rows_of(self.installation)

    def _surroundings(self) -> ProcessContext:
        return ProcessContext(
            environment={},
            clock=self.clock,
            sleep=self._sleep,
            user="envctl",
            instance="worker",
        )

    def _sleep(self, seconds: float) -> None:
        # Looked up when somebody sleeps: a test may put another in its place.
        self.clock.sleep(seconds)

    def _installed(self) -> Installation:
        set_up(Master(self.settings, self._surroundings(), catalog.kinds()), CLOCK)
        return self._found()

    def _found(self) -> Installation:
        """Find it anew only where settings changed: making clients takes longer than most of what they are asked for."""
        if self._known is None or self._known.master.settings != self.settings:
            master = Master(self.settings, self._surroundings(), catalog.kinds())
            self._known = find_installation(master)
        return self._known

    def _furnish(self, number: str) -> None:
        ec2 = self.aws.client("ec2", number, REGION)
        image = ec2.register_image(
            Name="web-1.4.2", RootDeviceName="/dev/sda1", Architecture="x86_64"
        )["ImageId"]
        ec2.create_launch_template(
            LaunchTemplateName="web",
            LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"},
        )
