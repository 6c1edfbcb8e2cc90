"""Whoever may read one folder or bucket, and nothing else, plans what a controller would, from what that one saw last.

Covers: engine.live.known_accounts, engine.live.published_accounts, engine.reconcile.published_looks.
"""

import gzip
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto import mock_aws

from controller import catalog
from controller.aws.clients import Clients
from controller.aws.errors import Place
from controller.engine.installation.installation import reading_access
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.engine.reconcile.published_looks import PublishedPlace, open_published
from controller.engine.reconcile.reconciler import Reconciler
from controller.errors import Unreachable, WrongUsage
from controller.model.observed import ScopeState
from tests.support.buckets import Bucket, Calls
from tests.support.command_line import use_settings
from tests.support.daemons import DaemonByHand
from tests.support.embedded_aws import AwsForTests
from tests.support.fleet_yaml import account, environment
from tests.support.live_account import FLEET, LiveAccount
from tests.support.live_accounts import SCOPE, LiveEstate, live_changes, live_scopes
from tests.support.process_contexts import around
from tests.support.reconcilers import asked
from tests.support.told import Told

PROD = "prod-eu/eu-west-1"
OFF = ", schedule: off"
"""Of an environment that says nothing of it a warning is told, with its line: the file is read for that."""


class Published:
    """An estate that publishes what it sees in a folder or bucket, and whoever plans from that alone."""

    def __init__(self, estate: LiveEstate, where: Path | str) -> None:
        self.estate, self.where = estate, where
        self.targets = estate.targets

    @property
    def folder(self) -> Path:
        return Path(self.where)

    def place(self) -> PublishedPlace:
        settings, now = self.estate.settings, self.estate.clock.now
        access = reading_access(around(), settings.region)
        return open_published(str(self.where), settings, catalog.kinds(), access, now, self.targets)

    def planned(self, *scopes: str, place: PublishedPlace | None = None) -> CombinedPlan:
        """Plan from what is published; whoever would call AWS here would be told."""
        found = place or self.place()
        here: Reconciler = self.estate.reconciler(self.estate.live())
        elsewhere = Reconciler(
            live=found.accounts,
            planner=here.planner,
            clock=lambda: self.estate.clock.now,
            observed=found.config,
        )
        return elsewhere.plan(asked(*scopes))


@pytest.fixture
def published(tmp_path: Path) -> Iterator[Published]:
    folder = tmp_path / "observed"
    text = f"targets: {{others: {{owners: enforce}}}}\nobserved: {{folder: {folder}}}\n"
    with mock_aws():
        estate = LiveEstate(tmp_path / "fleet", settings_text=text)
        estate.has({"c50.yaml": environment("c50"), "prod.yaml": account("prod-eu")})
        estate.has({"p1.yaml": environment("p1", kind="prod-eu")})
        estate.applied()
        yield Published(estate, folder)


def test_the_plan_is_that_of_whoever_looks(published: Published) -> None:
    estate = published.estate
    estate.applied()
    estate.has({"c51.yaml": environment("c51")})
    looked, place = estate.planned(), published.place()

    planned = published.planned(place=place)

    assert names(planned) == names(looked)
    assert len(live_changes(planned)) == 1
    assert planned.plan.digest == looked.plan.digest
    assert set(place.accounts.seen) == {"config", SCOPE, PROD}
    assert all(not scope.reason for scope in planned.plan.scopes)


def test_what_is_not_published_is_said_of_its_scope_alone(published: Published) -> None:
    estate = published.estate
    estate.applied()
    (published.folder / f"{PROD}.json.gz").unlink()
    (published.folder / f"{SCOPE}.json.gz").write_bytes(b"no look")

    states = {one.scope: one for one in live_scopes(published.planned())}

    assert {one.state for one in states.values()} == {ScopeState.UNKNOWN}
    assert f"no look at {PROD} is published in {published.folder}" in states[PROD].reason
    assert "it is not compressed, or not whole" in states[SCOPE].reason


def test_a_look_that_is_too_old_is_not_planned_from(published: Published) -> None:
    estate = published.estate
    estate.applied()
    estate.clock.now += timedelta(seconds=86_401)

    planned = published.planned()

    assert [(one.scope, one.state) for one in planned.plan.scopes] == [
        ("config", ScopeState.UNKNOWN)
    ]
    assert "more than 86,400 seconds ago" in planned.plan.scopes[0].reason
    assert planned.exit_code == 5


@pytest.mark.slow
@pytest.mark.tells("controller/engine/live/published_accounts.py", "status")
def test_what_keeps_a_look_from_being_published_is_in_the_status(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    estate, new = published.estate, "test-eu/eu-west-1"
    estate.has({"test.yaml": account("test-eu"), "t1.yaml": environment("t1", kind="test-eu")})
    estate.applied_once()
    (reason,) = [one.reason for one in live_scopes(published.planned()) if one.scope == new]
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {estate.folder}}}\n")

    shown = told.types(str(reason), "status").out

    assert "applied first: Account/test-eu is new" in shown
    estate.applied_once()
    assert not [one.reason for one in live_scopes(published.planned()) if one.reason]


@pytest.mark.slow
def test_a_look_of_a_moment_to_come_is_not_planned_from(published: Published) -> None:
    published.estate.applied()
    published.estate.clock.now -= timedelta(minutes=6)

    (scope,) = published.planned().plan.scopes

    assert (scope.scope, scope.state) == ("config", ScopeState.UNKNOWN)
    assert "still to come" in scope.reason


@pytest.mark.slow
def test_there_is_no_plan_without_the_tables(published: Published) -> None:
    (published.folder / "config.json.gz").unlink()
    with pytest.raises(Unreachable, match="no look at config is published"):
        published.place()

    (published.folder / "config.json.gz").write_bytes(gzip.compress(b"{}"))
    with pytest.raises(WrongUsage, match="lookFormat is missing"):
        published.place()


@pytest.mark.slow
def test_a_daemon_follows_a_bucket_and_publishes_what_it_sees_in_another(tmp_path: Path) -> None:
    with mock_aws():
        source, place = (Bucket.made(Clients().client(Place("", "eu-west-1"), "s3")) for _ in "ab")
        text = f"targets: {{others: {{owners: enforce}}}}\nobserved: {{bucket: {place.name}}}\n"
        estate = LiveEstate(tmp_path / "fleet", settings_text=text)
        estate.has({"c50.yaml": environment("c50", more=OFF)})
        source.put({file.name: file.read_bytes() for file in estate.folder.iterdir()})
        daemon = DaemonByHand(estate.live(), source.source(settle_s=0))
        for _ in range(3):
            daemon.tick_and_work()
            estate.clock.sleep(60)
        asked_for = Calls(source.client)

        daemon.jobs.tick_source()
        assert daemon.work() == []
        assert asked_for == ["ListObjectsV2"]
        estate.has({"c51.yaml": environment("c51", more=OFF)})
        source.put({"c51.yaml": environment("c51", more=OFF)})
        daemon.tick_and_work()

        assert "Environment/c51" in {str(ref) for ref in daemon.jobs.known().accepted.resources}
        assert asked_for.count("GetObject") == 1
        estate.has({"c52.yaml": environment("c52", more=OFF)})
        planned = Published(estate, f"s3://{place.name}/observed").planned()
        parameter = f"OwnerParameter/{SCOPE}/c52"
        assert [name for _, _, name in names(planned)] == ["Environment/c52", parameter]
        assert planned.plan.digest == estate.planned().plan.digest


@pytest.mark.slow
def test_groups_and_instances_are_planned_from_what_was_seen(
    sandbox: AwsForTests, tmp_path: Path
) -> None:
    LiveAccount(sandbox)
    targets = catalog.live_targets()
    text = f"""
targets: {{groups: enforce, scaling-schedules: enforce, power: enforce, replicas: enforce}}
observed: {{folder: {tmp_path / "observed"}}}
"""
    estate = LiveEstate(tmp_path / "fleet", targets, text)
    estate.has({"shared.yaml": None, "staging.yaml": None})
    for (kind, name), spec in FLEET.items():
        estate.has({f"{kind}-{name}.yaml": document(kind, name, spec)})
    estate.applied()
    estate.applied()
    published = Published(estate, tmp_path / "observed")
    unchanged = published.planned()
    (role,) = FLEET["DeploymentMap", "web"]["roles"]
    sizes = {"minCapacity": 1, "desiredCapacity": 2, "maxCapacity": 9}
    larger = {"roles": [{**role, "autoScalingSettings": sizes}]}
    estate.has({"DeploymentMap-web.yaml": document("DeploymentMap", "web", larger)})
    looked = estate.planned()

    planned = published.planned()

    assert names(unchanged) == []
    assert names(planned) == names(looked)
    assert live_changes(planned)
    assert planned.plan.digest == looked.plan.digest


def document(kind: str, name: str, spec: Mapping[str, Any]) -> str:
    told = {"apiVersion": "envctl/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    return yaml.safe_dump(told)


def names(planned: CombinedPlan) -> list[tuple[str, str, str]]:
    """Return scope, action and object of every change."""
    return [
        (scope.scope, one.action, str(one.ref))
        for scope in planned.plan.scopes
        for one in scope.changes
    ]
