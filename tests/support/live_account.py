"""One child account in the sandbox that follows a few YAML documents: plan, act, look again."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import yaml

from controller.aws.shared_reads import SharedReads
from controller.catalog import kinds
from controller.engine.live.observe import ScopeSetup
from controller.engine.live.planner import LivePlanner, LivePlanOptions, LiveScopePlan
from controller.errors import EnvctlError
from controller.loading.validated import spec_of
from controller.model.accepted import AcceptedState, LiveOptions
from controller.model.ledger_record import Actor, LedgerRecord
from controller.model.live import LiveScope
from controller.model.override import Override
from controller.model.plan import Change
from controller.model.ref import ResourceRef
from controller.ports import ActResult, BatchingTarget, LiveTarget
from controller.sandbox.seed import AccountNeeds, needs_of
from controller.settings import Settings
from controller.targets.groups import TARGET as GROUPS
from tests.support.embedded_aws import AwsForTests
from tests.support.yaml_fleet import loaded, problems

ACCOUNT = "012345670123"
REGION = "eu-west-1"
SCOPE = LiveScope(f"staging-eu/{REGION}", ACCOUNT, REGION, "staging-eu")
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
"""A Tuesday at noon."""
KINDS = kinds()
INSTALLATION = "installation-of-tests"

Documents = dict[tuple[str, str], dict[str, Any]]

FLEET: Documents = {
    ("Account", "staging-eu"): {"accountNumber": ACCOUNT},
    ("Cluster", "Tango"): {
        "shortName": "ta",
        "keyPair": "tango",
        "groupEmailAddress": "tango@acme.example",
    },
    ("EnvironmentType", "Staging"): {
        "account": "staging-eu",
        "region": REGION,
        "vpcId": "vpc-1",
        "subnets": {
            "PrivateApp": {"availabilityZoneA": "subnet-1a", "availabilityZoneB": "subnet-1b"},
            "PrivateSecure": {
                "availabilityZoneA": "subnet-2a",
                "availabilityZoneB": "subnet-2b",
                "secure": True,
            },
        },
    },
    ("DeploymentMap", "web"): {
        "roles": [
            {
                "serverRoleName": "Web",
                "owningCluster": "Tango",
                "ami": "web-1.4.2",
                "instanceType": "m6i.large",
                "volumes": [{"name": "OS", "size": 50}, {"name": "Data", "size": 10}],
                "autoScalingSettings": {
                    "minCapacity": 1,
                    "desiredCapacity": 2,
                    "maxCapacity": 4,
                },
                "terminationDelay": 3,
            }
        ]
    },
    ("Environment", "c50"): {
        "environmentType": "Staging",
        "owningCluster": "Tango",
        "deploymentMap": "web",
        "schedule": "on",
    },
}


def accepted_of(
    documents: Documents, options: LiveOptions | None = None, protected: Collection[str] = ()
) -> AcceptedState:
    """Return documents that have no problem as the accepted state; ``protected`` are names."""
    texts = {
        f"{kind}-{name}.yaml": yaml.safe_dump(
            {
                "apiVersion": "envctl/v1",
                "kind": kind,
                "metadata": {"name": name, **({"protect": True} if name in protected else {})},
                "spec": spec,
            },
            sort_keys=False,
        )
        for (kind, name), spec in documents.items()
    }
    found = loaded(texts)
    wrong = [str(one) for one in problems(texts, found) if not one.warning]
    assert not wrong, wrong
    return AcceptedState(
        resources=found.resources,
        specs={ref: spec_of(one, KINDS) for ref, one in found.resources.items()},
        items={
            ref: {
                table: {
                    "Value": {"DeploymentsLocked": documents[ref].get("deploymentsLocked", False)}
                }
                for table in ("InfraOpsEnvironment",)
            }
            for ref in found.resources
            if ref.kind == "Environment"
        },
        installation=INSTALLATION,
        options=options or LiveOptions(),
    )


@dataclass
class Records:
    """What was done, as the ledger would say it."""

    done: list[tuple[ResourceRef, str]] = field(default_factory=list)

    def of_item(self, table: str, hash_key: str, range_key: str | None) -> Iterator[LedgerRecord]:
        """Yield the records of an object, newest first."""
        del range_key
        for ref, action in reversed(self.done):
            if (ref.kind, ref.key) == (table, hash_key):
                yield _record(ref, action)


def _record(ref: ResourceRef, action: str) -> LedgerRecord:
    kind: Any = {"create": "Created", "delete": "Deleted"}.get(action, "Updated")
    return LedgerRecord(
        audit_id="", source="", scope=SCOPE.name, sequence=0, previous_hash="", hash="",
        phase="succeeded", cause="", change_type=kind, entity_type=ref.kind, entity_key=ref.key,
        entity_range=None, entity_version=None, iso_timestamp="", transaction_id="", changed_by="",
        actor=Actor("", "", "", ""), plan_digest="", origin="", before="", after="",
        old_value=None, new_value=None,
    )  # fmt: skip


@dataclass
class Acts:
    """AWS for one act."""

    account: "LiveAccount"
    token: str
    scope = SCOPE
    installation = INSTALLATION
    revision = "9f1e0aa"
    look = None

    @property
    def options(self) -> LiveOptions:
        return self.account.options

    @property
    def history(self) -> Records:
        return self.account.records

    def client(self, service: str) -> Any:
        return self.account.aws.client_of_controller(service, ACCOUNT, REGION)

    def check(self) -> None:
        """The scope is always ours here."""

    def now(self) -> datetime:
        return self.account.now

    def sleep(self, seconds: float) -> None:
        del seconds


class LiveAccount:
    """The account, the documents that are accepted, and what was done so far."""

    def __init__(
        self,
        aws: AwsForTests,
        documents: Documents = FLEET,
        targets: tuple[LiveTarget, ...] = (GROUPS,),
    ) -> None:
        """Furnish the account with what the documents need."""
        self.aws = aws
        self.documents = {key: dict(spec) for key, spec in documents.items()}
        self.targets = targets
        self.records = Records()
        self.applied: Documents | None = None
        """Documents applied last, where they are others than those that are accepted."""
        self.protected: tuple[str, ...] = ()
        """Names of documents that are protected, now."""
        self.overrides: tuple[Override, ...] = ()
        self.options = LiveOptions(max_parallel_rollouts=2)
        self.now = NOW
        self.furnish()

    def furnish(self) -> None:
        """Make what the documents need and the account lacks."""
        by_kind: dict[str, dict[str, dict[str, Any]]] = {}
        for (kind, name), spec in self.documents.items():
            by_kind.setdefault(kind, {})[name] = spec
        needs: list[AccountNeeds] = needs_of(by_kind, REGION)
        for one in needs:
            one.role = ""
        self.aws.controls.send("accounts", {"accounts": [asdict(one) for one in needs]})

    def client(self, service: str) -> Any:
        """Return a client of the account."""
        return self.aws.client(service, ACCOUNT, REGION)

    def change(self, kind: str, name: str, **fields: Any) -> None:
        """Accept other fields of a document; None takes one away."""
        merged = {**self.documents[kind, name], **fields}
        self.documents[kind, name] = {key: one for key, one in merged.items() if one is not None}

    def role(self, **fields: Any) -> None:
        """Accept other fields of the only role; None takes one away."""
        (role,) = self.documents["DeploymentMap", "web"]["roles"]
        merged = {key: one for key, one in {**role, **fields}.items() if one is not None}
        self.change("DeploymentMap", "web", roles=[merged])

    def plan(self, *, deep: bool = False, adopt: bool = False) -> LiveScopePlan:
        """Look and plan."""
        access: Any = SimpleNamespace(
            client=self.aws.client_of_controller, shared=SharedReads(lambda: self.now)
        )
        before = None if self.applied is None else accepted_of(self.applied, self.options)
        accepted = accepted_of(self.documents, self.options, self.protected)
        modes = dict.fromkeys((target.name for target in self.targets), "enforce")
        planner = LivePlanner(
            access=access,
            accepted=replace(accepted, overrides=self.overrides, before=before),
            settings=Settings.model_validate({"targets": modes}),
            targets=self.targets,
            history=self.records,
        )
        setup = ScopeSetup(SCOPE, None, None, "enforce")
        return planner.plan_one(setup, LivePlanOptions(now=self.now, deep=deep, adopt=adopt))

    def apply(
        self, *, deep: bool = False, adopt: bool = False
    ) -> dict[str, ActResult | EnvctlError]:
        """Plan, and do what may be done; return what became of each object, by its name in the scope."""
        return self.do(self.plan(deep=deep, adopt=adopt).to_do)

    def do(self, changes: Sequence[Change]) -> dict[str, ActResult | EnvctlError]:
        """Make changes in their order."""
        by_name = {target.name: target for target in self.targets}
        results: dict[str, ActResult | EnvctlError] = {}
        for number, change in enumerate(changes):
            acts: Any = Acts(self, f"token-{number}-{len(self.records.done)}")
            name = _short(str(change.ref))
            try:
                target = by_name[change.target]
                assert not isinstance(target, BatchingTarget), "its changes are made together"
                results[name] = result = target.act(change, acts)
            except EnvctlError as error:
                results[name] = error
            else:
                left = change.action == "delete" and result.after is not None
                self.records.done.append((change.ref, "update" if left else change.action))
        return results

    def group(self, name: str = "c50-ta-Web") -> dict[str, Any]:
        """Look at a group."""
        found = self.client("autoscaling").describe_auto_scaling_groups(
            AutoScalingGroupNames=[name]
        )["AutoScalingGroups"]
        return dict(found[0]) if found else {}

    def tags(self, name: str = "c50-ta-Web") -> dict[str, str]:
        """Return a group's tags."""
        return {tag["Key"]: tag["Value"] for tag in self.group(name)["Tags"]}

    def template(self, name: str = "c50-ta-Web") -> dict[str, Any]:
        """Return the data of the template version a group points at."""
        pointer = self.group(name)["LaunchTemplate"]
        answer = self.client("ec2").describe_launch_template_versions(
            LaunchTemplateId=pointer["LaunchTemplateId"], Versions=[pointer["Version"]]
        )
        return dict(answer["LaunchTemplateVersions"][0]["LaunchTemplateData"])


def changes(plan: LiveScopePlan) -> list[str]:
    """Return each change as ``update Group/c50-ta-Web edited: ami, imageId``. Raises AssertionError if nothing was seen."""
    why = [one.reason for one in plan.plans if one.reason]
    assert not why, why
    return [
        f"{one.action} {_short(str(one.ref))} {one.cause.value}"
        + (f": {', '.join(field.path for field in one.fields)}" if one.fields else "")
        for part in plan.plans
        for one in part.changes
    ]


def notes(plan: LiveScopePlan) -> list[str]:
    """Return each note as ``missing c50-ta-Web: there is no …``."""
    return [
        f"{note.category} {note.ref.key.rsplit('/', 1)[-1]}: {note.text}"
        for part in plan.plans
        for note in part.notes
    ]


def failures(results: Mapping[str, ActResult | EnvctlError]) -> list[str]:
    """Return what went wrong."""
    return [f"{name}: {one}" for name, one in results.items() if isinstance(one, EnvctlError)]


def violations(plan: LiveScopePlan) -> Iterable[str]:
    """Return what guards refuse."""
    return [f"{one.guard}: {one.message}" for part in plan.plans for one in part.violations]


def _short(text: str) -> str:
    return text.replace(f"{SCOPE.name}/", "")
