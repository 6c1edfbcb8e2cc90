"""A sandbox with an installation of so many scopes, and daemons for it as ``envctl run`` composes them."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from benchmarks.schedules_fleet import FASTER, SHARED, office_hours
from controller.cli.invocation import Invocation
from controller.cli.process import environment_instead, process_context, utc_now
from controller.engine.commit.lease import Claim
from controller.engine.installation.bootstrap import set_up
from controller.engine.power.fleet import accepted_now
from controller.engine.reconcile.combined_plan import ReconcileRequest
from controller.engine.state.rows import Finding, write_statuses
from controller.errors import ExitCode
from controller.events import DaemonStarted, HttpListening
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import Requester
from controller.model.observed import CONFIG_SCOPE, ScopeCounts, ScopeState
from controller.sandbox.server import EmbeddedAws, embedded_aws
from tests.support.git_repository import Repository
from tests.support.seed_fleet import FIRST_ACCOUNT, FleetSize
from tests.support.work_queues import make_queue

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
GROUPS = ("groups", "scaling-schedules", "replicas")
OF_ONE = 10
"""So many instances each environment has: the sandbox makes them so."""
SECRET = "a secret of sixteen bytes"


@dataclass(frozen=True)
class Fleet:
    """An installation, its documents in a Git repository, and the sandbox it is in. Its environment is this process's."""

    aws: EmbeddedAws
    folder: Path
    repository: Repository
    settings: Mapping[str, Any]

    def call(
        self, clock: Callable[[], datetime] = utc_now, name: str = "envctl", **more: Any
    ) -> Invocation:
        """Return what commands are built from, with further settings; events go to a file of that name."""
        config = self.configured(name, **more)
        process = replace(process_context(), clock=clock)
        return Invocation(str(config), str(self.events(name)), process=process)

    def configured(self, name: str = "envctl", **more: Any) -> Path:
        """Write a settings file of that name."""
        config = self.folder / f"{name}.yaml"
        config.write_text(json.dumps({**self.settings, **more}))
        return config

    def events(self, name: str) -> Path:
        """Return where the events of that name are."""
        return self.folder / f"{name}.jsonl"

    def told(self, name: str, event: str) -> list[dict[str, Any]]:
        """Return the events of one sort that a process of that name has told."""
        path = self.events(name)
        lines = path.read_text().splitlines() if path.exists() else []
        return [found for found in map(json.loads, lines) if found["event"] == event]

    def queue(self, name: str) -> str:
        """Make a queue in SQS, and return its address."""
        return make_queue(boto3.client("sqs"), name)

    def seen(self, call: Invocation, at: datetime) -> None:
        """Write for every scope that it was looked at, and is in order."""
        master = call.master
        scopes = (setup.scope.name for setup in call.live.scopes(accepted_of(call)))
        findings = [
            Finding(
                scope=scope, state=ScopeState.OK, looked_at=at, seen=ScopeCounts(at=at)
            )
            for scope in (CONFIG_SCOPE, *scopes)
        ]  # fmt: skip
        write_statuses(master.store, master.state_table, findings, at)

    @contextmanager
    def daemon(self, name: str, **more: Any) -> Iterator[str]:
        """Run ``envctl run`` as a process; give the address of its interface. Loopback asks for no token."""
        credentials = self.folder / "credentials.yaml"
        credentials.write_text(f"webhookSecrets: [{SECRET}]\n")
        http = {"port": 0, "credentials": str(credentials)}
        config = self.configured(name, http=http, **more)
        command = [*(sys.executable, "-m", "controller.cli", "--config", str(config))]
        process = subprocess.Popen(
            [*command, "--events", str(self.events(name)), "run"], stderr=subprocess.DEVNULL
        )
        try:
            while not self.told(name, DaemonStarted.name):
                if process.poll() is not None:
                    raise SystemExit(f"envctl run ended with {process.returncode}")
                time.sleep(0.1)
            yield str(self.told(name, HttpListening.name)[0]["url"])
        finally:
            process.terminate()
            process.wait()


@contextmanager
def fleet(
    scopes: int, *, instances_each: int = 0, end: datetime | None = None, **settings: Any
) -> Iterator[Fleet]:
    """Run a sandbox whose tables hold so many accounts, each with so many instances, on until office hours ``end``.

    Without instances nothing is made in the accounts: moto makes an empty one for whoever asks.
    """
    with (
        tempfile.TemporaryDirectory() as name,
        embedded_aws(extensions=FASTER) as aws,
        environment_instead({**aws.environment, "XDG_CACHE_HOME": f"{name}/cache"}),
    ):
        if instances_each:
            size = FleetSize(accounts=scopes, groups=0, instances=scopes * instances_each)
            aws.controls.send("fleet", {one: getattr(size, one) for one in FleetSize.__slots__})
        folder = Path(name)
        repository = Repository.at(folder / "documents")
        ends = end or utc_now() + timedelta(hours=3)
        repository.commit(_documents(scopes, ends, -(-instances_each // OF_ONE)))
        targets = {**dict.fromkeys(GROUPS, "off"), "power": "enforce"}
        made = Fleet(
            aws,
            folder,
            repository,
            {
                "source": {"git": {"url": repository.url, "ref": "main"}},
                "targets": targets,
                "guards": {"maxDeletes": 10**6},
                **settings,
            },
        )
        _accept(made.call())
        aws.controls.calls()
        yield made


def _documents(scopes: int, end: datetime, each: int) -> dict[str, str | bytes | None]:  # fmt: skip
    files: dict[str, str | bytes | None] = {
        "shared.yaml": SHARED.format(schedule=office_hours(end))
    }
    for place in range(scopes):
        text = ACCOUNT.format(place=place, number=FIRST_ACCOUNT + place)
        numbers = range(place * each + 1, (place + 1) * each + 1)
        text += "".join(ENVIRONMENT.format(number=number, place=place) for number in numbers)
        files[f"a{place}.yaml"] = text
    return files


def _accept(call: Invocation) -> None:
    set_up(call.master, Requester("benchmark", "bootstrap"))
    done = call.reconciler(None, call.emit).reconcile(
        ReconcileRequest(
            requester=Requester("benchmark", "apply"),
            claim=Claim("benchmark"),
            scopes=(CONFIG_SCOPE,),
        )
    )
    call.opened.close()
    if done.exit_code not in (ExitCode.DONE, ExitCode.CHANGES):
        raise SystemExit(f"the documents were not accepted: {done.report}")


def accepted_of(call: Invocation) -> AcceptedState:
    """Return what is accepted now."""
    return accepted_now(call.installation, call.process.clock(), call.live).accepted


def resident_mb() -> float:
    """Return this process's memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
