"""Documents for the fleet the sandbox makes, accepted into the tables of an installation of one's own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from controller import catalog
from controller.engine.commit.lease import Claim
from controller.engine.config.planner import Planner
from controller.engine.installation.bootstrap import set_up
from controller.engine.installation.installation import Installation, Master, find_installation
from controller.engine.installation.process_context import ProcessContext
from controller.engine.live.accounts import LiveAccounts
from controller.engine.reconcile.combined_plan import ReconcileRequest
from controller.engine.reconcile.reconciler import Reconciler
from controller.model.ledger_record import Requester
from controller.model.observed import CONFIG_SCOPE
from controller.settings import Settings
from controller.sources.folder import FolderSource
from controller.targets.power import TARGET

if TYPE_CHECKING:
    # The process that is measured does not pay for loading the sandbox.
    from tests.support.seed_fleet import FleetSize

FASTER = ("tests.support.faster_sandbox",)
"""What the sandbox of the benchmarks imports on top."""
SHARED = """apiVersion: envctl/v1
kind: Cluster
metadata: {{name: Tango}}
spec: {{shortName: ta, groupEmailAddress: tango@acme.example}}
---
apiVersion: envctl/v1
kind: Schedule
metadata: {{name: office-hours}}
spec: {{expression: "{schedule}"}}
---
apiVersion: envctl/v1
kind: DeploymentMap
metadata: {{name: web}}
spec:
  roles:
    - {{serverRoleName: Web, owningCluster: Tango, ami: web-1.0.0,
        autoScalingSettings: {{minCapacity: 0, desiredCapacity: 10, maxCapacity: 20}}}}
"""
ACCOUNT = """apiVersion: envctl/v1
kind: Account
metadata: {{name: a{place}}}
spec: {{accountNumber: "{number:012d}"}}
---
apiVersion: envctl/v1
kind: EnvironmentType
metadata: {{name: Staging{place}}}
spec: {{account: a{place}, vpcId: vpc-1, subnets: {{PrivateApp: {{availabilityZoneA: subnet-1, availabilityZoneB: subnet-2}}}}}}
"""
ENVIRONMENT = """---
apiVersion: envctl/v1
kind: Environment
metadata: {{name: c{number}}}
spec: {{environmentType: Staging{place}, owningCluster: Tango, deploymentMap: web, schedule: office-hours}}
"""
# Nothing takes its time on this server, so there is nothing to be waited for between two looks.
SETTINGS = Settings.model_validate(
    {
        "targets": {"power": "enforce"},
        "power": {"graceSeconds": 0, "lookAgainSeconds": 0.01},
        "guards": {"maxDeletes": 10**6},
    }
)


def office_hours(end: datetime) -> str:
    """Return a schedule that ends at a moment, having begun an hour and a half before."""
    start = end - timedelta(minutes=90)
    return f"start: {start.minute} {start.hour} * * *; stop: {end.minute} {end.hour} * * *"


class HalfHours(NamedTuple):
    """A schedule that stops everything each half hour, and starts it a quarter later."""

    first_stop: datetime

    @property
    def schedule(self) -> str:
        """Its text."""
        stop = self.first_stop.minute % 30
        start = (stop + 15) % 30
        return f"start: {start},{start + 30} * * * *; stop: {stop},{stop + 30} * * * *"

    @property
    def before(self) -> datetime:
        """A moment at which all is on still."""
        return self.first_stop - timedelta(minutes=10)

    def after(self, way: str, turn: int) -> datetime:
        """Return the minute after everything is to be ``off`` or ``on`` for the nth time, from 0."""
        since = timedelta(minutes=30 * turn + {"off": 1, "on": 16}[way])
        return self.first_stop + since


def half_hours(now: datetime) -> HalfHours:
    """Return a schedule of which two dozen turns are within the life of credentials, twelve hours."""
    return HalfHours(now.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=15))


def write_documents(folder: Path, size: "FleetSize", first_account: int, schedule: str) -> None:
    """Write the YAML of everything the sandbox makes of a size; all of it follows one schedule."""
    (folder / "shared.yaml").write_text(SHARED.format(schedule=schedule))
    first = 1
    for place in range(size.accounts):
        text = ACCOUNT.format(place=place, number=first_account + place)
        groups, loose = (_share(n, place, size.accounts) for n in (size.groups, size.instances))
        alone = max(loose - groups * size.group_size, 0)
        last = first + groups + -(-alone // 10)
        environments = (ENVIRONMENT.format(number=n, place=place) for n in range(first, last))
        (folder / f"a{place}.yaml").write_text(text + "".join(environments))
        first = last


def installation(clock: Callable[[], datetime], sleep: Callable[[float], None]) -> Installation:
    """Return the installation in the AWS of the environment's variables."""
    return find_installation(_master(clock, sleep))


def accept(folder: Path, clock: Callable[[], datetime], sleep: Callable[[float], None]) -> None:
    """Set up an installation and apply the documents to its tables."""
    set_up(_master(clock, sleep), Requester("benchmark", "bootstrap"))
    accounts = LiveAccounts(installation(clock, sleep), (TARGET,))
    reconciler = Reconciler(
        planner=Planner(lambda: FolderSource(folder), SETTINGS, catalog.kinds()),
        live=accounts,
        clock=clock,
    )
    done = reconciler.reconcile(
        ReconcileRequest(
            requester=Requester("benchmark", "apply"),
            claim=Claim("benchmark"),
            scopes=(CONFIG_SCOPE,),
        )
    )
    if done.exit_code not in (0, 2):
        raise SystemExit(f"the documents were not accepted: {done.report}")


def _master(clock: Callable[[], datetime], sleep: Callable[[float], None]) -> Master:
    process = ProcessContext(
        environment={}, clock=clock, sleep=sleep, user="benchmark", instance="benchmark"
    )
    return Master(SETTINGS, process, catalog.kinds())


def _share(total: int, place: int, parts: int) -> int:
    return total // parts + (1 if place < total % parts else 0)
