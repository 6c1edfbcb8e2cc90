"""An installation for random walks: two accounts with groups, instances that schedules switch, and parameters, all in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from moto import mock_aws
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult
from moto.sts.models import AssumedRole

from controller.sandbox.furnish import furnish
from controller.sandbox.seed import MASTER_ACCOUNT, needs_of
from controller.targets.groups import TARGET as GROUPS
from controller.targets.power import TARGET as POWER
from tests.support.clock import Clock
from tests.support.extension_targets.owners import TARGET as OWNERS
from tests.support.fleet_yaml import NUMBERS, account, one_file
from tests.support.live_accounts import LiveEstate

ACCOUNTS: Final = ("staging-eu", "test-eu")
REGION: Final = "eu-west-1"
SCOPES: Final = {name: f"{name}/{REGION}" for name in ACCOUNTS}
"""Account -> its scope."""
TURN_S: Final = 600
"""The schedule of a walk asks for something else so often, on the full ten minutes."""
SETTINGS: Final = """
targets: {groups: enforce, power: enforce, others: {owners: enforce}}
guards: {maxDeletes: 100, smallMaxDeletes: 100, maxDeleteShare: 1.0, maxUpdateShare: 1.0, maxStopsByEdit: 100}
power: {graceSeconds: 0, lookAgainSeconds: 1.0}
"""
CLUSTERS: Final = """apiVersion: envctl/v1
kind: Cluster
metadata: {name: Tango}
spec: {shortName: ta, groupEmailAddress: tango@acme.example}
---
apiVersion: envctl/v1
kind: Cluster
metadata: {name: Search}
spec: {shortName: se}
---
apiVersion: envctl/v1
kind: Schedule
metadata: {name: turns}
spec: {expression: "start: 0,20,40 * * * *; stop: 10,30,50 * * * *"}
---
apiVersion: envctl/v1
kind: DeploymentMap
metadata: {name: web}
spec:
  roles:
    - {serverRoleName: Web, owningCluster: Tango, ami: web-1.4.2,
       autoScalingSettings: {minCapacity: 1, desiredCapacity: 1, maxCapacity: 2}}
"""
_ROLE: Final = {"serverRoleName": "Web", "owningCluster": "Tango", "ami": "web-1.4.2"}


@contextmanager
def walked_estate(folder: Path) -> Iterator[LiveEstate]:
    """Have an installation that is connected to both accounts, until the context ends.

    It begins on a full hour to come: what moto launches by the real clock was launched before.
    """
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        _lasting_credentials(patch)
        # The one read of groups that moto does not know.
        none = ActionResult({"NotificationConfigurations": []})
        name = "describe_notification_configurations"
        patch.setattr(AutoScalingResponse, name, lambda _: none, raising=False)
        made = LiveEstate(folder, (GROUPS, POWER, OWNERS), SETTINGS, Clock(hour))
        made.has({"shared.yaml": one_file(CLUSTERS, *map(account, ACCOUNTS))})
        (folder / "staging.yaml").unlink()
        _furnish()
        yield made.connected()


def next_turn_of_schedules(now: datetime) -> datetime:
    """Return when a schedule asks for something else next."""
    return now + timedelta(seconds=TURN_S - now.timestamp() % TURN_S)


def _lasting_credentials(patch: pytest.MonkeyPatch) -> None:
    """Let credentials last for a walk, whose clock goes faster than the real one."""
    begin = AssumedRole.__init__

    def lasting(self: AssumedRole, *what: Any, **more: Any) -> None:
        begin(self, *what, **more)
        self.expiration += timedelta(hours=9)

    patch.setattr(AssumedRole, "__init__", lasting)


def _furnish() -> None:
    subnets = {"PrivateApp": {"availabilityZoneA": "subnet-1", "availabilityZoneB": "subnet-2"}}
    documents: dict[str, dict[str, dict[str, Any]]] = {
        "Account": {name: {"accountNumber": NUMBERS[name]} for name in ACCOUNTS},
        "EnvironmentType": {
            name: {"account": name, "vpcId": "vpc-1", "subnets": subnets} for name in ACCOUNTS
        },
        "DeploymentMap": {"web": {"roles": [_ROLE]}},
    }
    for needs in needs_of(documents, REGION):
        furnish({**asdict(needs), "role": ""}, MASTER_ACCOUNT)
