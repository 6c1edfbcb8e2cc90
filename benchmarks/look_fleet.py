"""An estate in which everything is in order: documents accepted into the tables, and groups that our own apply made of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.schedules_fleet import ACCOUNT, office_hours
from controller import catalog
from controller.engine.commit.lease import Claim
from controller.engine.config.apply import ApplyReport
from controller.engine.config.observe import ObservedConfig, observe_config
from controller.engine.config.planner import Planner
from controller.engine.installation.bootstrap import all_tables, set_up
from controller.engine.installation.installation import Master, find_installation
from controller.engine.installation.process_context import ProcessContext
from controller.engine.live.accounts import LiveAccounts
from controller.engine.reconcile.combined_plan import CombinedPlan, ReconcileRequest
from controller.engine.reconcile.reconciler import Reconciler
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.model.ledger_record import Requester
from controller.sandbox.controls import SandboxControls
from controller.sandbox.seed import seed
from controller.settings import Settings
from controller.sources.folder import FolderSource

REGION = "eu-west-1"
ROLES = ("Web", "Batch")
GROUP_SIZE = 2
SINGLES_OF_ONE = 10
"""So many instances outside groups each environment has: the sandbox makes them so."""
USUAL_TYPE, OTHER_TYPE = "m6i.large", "c6i.large"
ON_FOR = timedelta(hours=1)
SETTLED = timedelta(minutes=20)
"""So much later than they were made no instance counts as young any more."""
SETTINGS = Settings.model_validate(
    {
        "targets": {
            "groups": "enforce",
            "scaling-schedules": "enforce",
            "power": "enforce",
            "replicas": "off",
        },
        "guards": dict.fromkeys(
            ("maxInstancesLaunched", "maxInstancesEnded", "maxInstancesReplaced"), 10**6
        ),
    }
)
SHARED = """apiVersion: envctl/v1
kind: Cluster
metadata: {{name: Tango}}
spec: {{shortName: ta, keyPair: tango, groupEmailAddress: tango@acme.example}}
---
apiVersion: envctl/v1
kind: Schedule
metadata: {{name: office-hours}}
spec: {{expression: "{schedule}"}}
---
apiVersion: envctl/v1
kind: DeploymentMap
metadata: {{name: alone}}
spec: {{roles: []}}
"""
TEMPLATE = """---
apiVersion: envctl/v1
kind: Template
metadata: {name: first-boot}
spec:
  text: |
    #!/bin/sh
    # {{ environment }} in {{ environmentType }} of {{ account }}
    hostname {{ group }}
    echo "role={{ role }} cluster={{ owningCluster }}" > /etc/role
"""
MAP = """apiVersion: envctl/v1
kind: DeploymentMap
metadata: {name: fleet}
spec:
  roles:
"""
ROLE = """    - serverRoleName: {role}
      owningCluster: Tango
      ami: web-1.4.2
      instanceType: {instance_type}
      volumes: [{{name: OS, size: 50}}, {{name: Data, size: 10}}]
      userData: first-boot
      terminationDelay: 3
      autoScalingSettings: {{minCapacity: 1, desiredCapacity: 2, maxCapacity: 4}}
      scalingSchedules:
        - {{recurrence: "0 6 * * 1-5", timezone: Europe/London, minCapacity: 1, maxCapacity: 4, desiredCapacity: 2}}
"""
ENVIRONMENT = """---
apiVersion: envctl/v1
kind: Environment
metadata: {{name: {name}}}
spec: {{environmentType: Staging{place}, owningCluster: Tango, deploymentMap: {map}, schedule: {schedule}}}
"""


@dataclass(frozen=True, slots=True)
class EstateSize:
    """How much there is in each account: ``groups`` of two instances, and ``singles`` outside groups."""

    accounts: int
    groups: int
    singles: int

    @property
    def instances(self) -> int:
        """Instances of one account."""
        return self.groups * GROUP_SIZE + self.singles

    @property
    def pages(self) -> int:
        """Calls that a look at all accounts cannot do without."""
        return self.accounts * (-(-self.instances // 1000) + -(-self.groups // 100))


def write_map(folder: Path, instance_type_of_batch: str = USUAL_TYPE) -> None:
    """Write the map of all groups; only the role Batch may have another instance type."""
    types = dict(zip(ROLES, (USUAL_TYPE, instance_type_of_batch), strict=True))
    roles = "".join(ROLE.format(role=role, instance_type=one) for role, one in types.items())
    (folder / "map.yaml").write_text(MAP + roles)


def write_documents(folder: Path, size: EstateSize, numbers: Sequence[str], now: datetime) -> None:
    """Write the YAML of an estate: half of its environments are on for good, half by a schedule that says so for an hour."""
    (folder / "shared.yaml").write_text(SHARED.format(schedule=office_hours(now + ON_FOR)) + TEMPLATE)  # fmt: skip
    write_map(folder)
    alone = size.singles // SINGLES_OF_ONE
    of_groups = size.groups // len(ROLES)
    for place, number in enumerate(numbers):
        # The sandbox calls those of single instances c1, c2, … through all accounts.
        names = [(f"c{place * alone + n}", "alone") for n in range(1, alone + 1)]
        names += [(f"g{place * of_groups + n}", "fleet") for n in range(1, of_groups + 1)]
        text = ACCOUNT.format(place=place, number=int(number))
        for nth, (name, of_map) in enumerate(names):
            schedule = ("on", "office-hours")[nth % 2]
            text += ENVIRONMENT.format(name=name, place=place, map=of_map, schedule=schedule)
        (folder / f"a{place}.yaml").write_text(text)


class Estate:
    """The installation and its accounts, in the AWS that the environment's variables lead to."""

    def __init__(self, folder: Path, numbers: Sequence[str]) -> None:
        """Take where the documents are, and the numbers of the accounts; set up the installation."""
        self._folder = folder
        self.numbers = numbers
        process = ProcessContext(
            environment={}, clock=self.now, sleep=lambda _: None, user="bench", instance="bench"
        )
        master = Master(SETTINGS, process, catalog.kinds())
        set_up(master, Requester("bench", "bootstrap"))
        self.live = LiveAccounts(find_installation(master))
        self.access = master.aws
        definitions = all_tables(master.kinds.values(), SETTINGS.resource_prefix)
        ledger = SETTINGS.resource_prefix + LEDGER_TABLE.name
        self.tables = tuple(one.name for one in definitions if one.name != ledger)
        """Those that a run reads whole."""

    @staticmethod
    def now() -> datetime:
        """Return the time."""
        return datetime.now(UTC)

    def seen(self) -> ObservedConfig:
        """Read the tables."""
        return observe_config(self.live.installation)

    def planned(self, *scopes: str, deep: bool = False) -> CombinedPlan:
        """Plan from the documents, everything or the scopes named."""
        return self._reconciler().plan(_asked(scopes=scopes, deep=deep))

    def applied(self, tell: Callable[[str], None] = print) -> ApplyReport:
        """Apply everything. Ends the program where that is not done in full."""
        report = self._reconciler().reconcile(_asked()).report
        if report is None:
            raise SystemExit("a guard refuses the documents of the benchmark")
        failed = [str(one.message) for one in report.outcomes if one.message]
        tell(f"{len(report.outcomes)} changes applied, {len(failed)} of them not")
        if report.exit_code or failed:
            raise SystemExit(f"{report.exit_code} {report.stopped}\n{failed[:3]}")
        return report

    def _reconciler(self) -> Reconciler:
        return Reconciler(
            planner=Planner(lambda: FolderSource(self._folder), SETTINGS, catalog.kinds()),
            live=self.live,
            clock=lambda: self.now() + SETTLED,
        )


def _asked(*, scopes: Sequence[str] = (), deep: bool = False) -> ReconcileRequest:
    return ReconcileRequest(
        requester=Requester("bench", "apply"), claim=Claim("bench"), scopes=scopes, deep=deep
    )


def seeded(address: str, folder: Path, size: EstateSize) -> Estate:
    """Write the documents, furnish the accounts, and make everything: what is planned then has no change."""
    # Instances outside groups are made by the sandbox, which says what it calls their accounts.
    singles = size.accounts * size.singles
    fleet = {"accounts": size.accounts, "groups": 0, "instances": singles}
    numbers = SandboxControls(address).send("fleet", fleet)["accounts"]
    write_documents(folder, size, numbers, Estate.now())
    seed(address, fleet=folder)
    estate = Estate(folder, numbers)
    estate.applied()
    return estate
