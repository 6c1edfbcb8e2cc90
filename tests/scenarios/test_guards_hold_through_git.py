"""Protection and approvals, from commits in a real repository to the tables.

Covers: engine.config.compute_plan.
"""

from pathlib import Path

import pytest

from controller.aws.items import to_wire
from controller.aws.transactions import DeleteWrite, PutWrite
from tests.support.command_line import TEAMS, Fleet, envctl, installation, service, use_settings
from tests.support.fleet_yaml import EMPTY_MAP, account, environment, one_file
from tests.support.git_repository import Repository
from tests.support.told import Told

MERGED = "approvals: {inCommits: merged, committers: [Ada Author <ada@example.com>]}"
ALERTS = """apiVersion: envctl/v1
kind: NotificationSettings
metadata: {name: %s%s}
spec: {ticketing: queue}
"""


@pytest.fixture
def repository(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository.at(tmp_path / "repository")
    settings = f'source: {{git: {{url: "{made.url}", ref: main}}}}\n'
    use_settings(tmp_path, monkeypatch, settings + MERGED)
    return made


def test_lifting_a_protection_and_removing_the_object_takes_two_commits(
    repository: Repository,
) -> None:
    repository.commit({"a.yaml": ALERTS % ("kept", ", protect: true"), "teams.yaml": TEAMS})
    assert envctl("apply", "--yes").code == 0
    repository.commit({"a.yaml": None}, "gone, protection and all")

    refused = envctl("plan", "--format", "json")

    assert refused.code == 3
    (violation,) = refused.json["scopes"][0]["violations"]
    assert violation["guard"] == "protected"
    assert envctl("apply", "--yes", "--approve", violation["token"]).code == 3
    repository.commit({"a.yaml": ALERTS % ("kept", "")}, "lifted")
    assert envctl("apply", "--yes").code == 0
    repository.commit({"a.yaml": None}, "gone")
    assert envctl("apply", "--yes").code == 0


@pytest.mark.tells("controller/engine/config/lifting.py", "apply --ref")
def test_unlocking_an_environment_and_changing_it_takes_two_commits(
    repository: Repository, told: Told
) -> None:
    locked, unlocked = (f", deploymentsLocked: {word}" for word in ("true", "false"))
    fleet = {"teams.yaml": one_file(TEAMS, account(), EMPTY_MAP)}
    base = repository.commit({**fleet, "c50.yaml": environment("c50", more=locked)})
    assert envctl("apply", "--yes", "--scope", "config").code == 0
    retired = environment("c50", more=f"{unlocked}, lifecycle: retired")
    repository.commit({"c50.yaml": retired}, "unlocked and retired")

    for against in ([], ["--base", f"git+{repository.url}@{base}"]):
        refused = envctl("plan", "--format", "json", "--scope", "config", *against)
        assert refused.code == 3
        (violation,) = refused.json["scopes"][0]["violations"]
        assert (violation["guard"], violation["approvable"]) == ("deployLock", False)
    digest = violation["digest"]
    assert envctl("apply", "--yes", "--approve", f"deployLock@{digest[:16]}").code == 3
    shown = envctl("plan", "--scope", "config").out
    assert "one revision lifts what holds a change and makes the change" in shown
    assert "make two commits" in shown

    # Pushed together before a run came between them, they are one; the first is applied by itself.
    repository.git("reset", "--quiet", "--hard", base)
    first = repository.commit({"c50.yaml": environment("c50", more=unlocked)}, "unlocked")
    repository.commit({"c50.yaml": retired}, "retired")
    again = envctl("plan", "--scope", "config")
    assert again.code == 3
    by_itself = {"COMMIT": first}
    assert told.types(again.out, "apply", "--scope", "config", filling=by_itself).code == 0
    assert envctl("apply", "--yes", "--scope", "config").code == 0


def test_an_approval_in_a_commit_holds_after_a_squash_merge_and_for_nothing_else(
    repository: Repository,
) -> None:
    names = [f"a{n}" for n in range(6)]
    files = {f"{name}.yaml": ALERTS % (name, "") for name in names}
    repository.commit({"teams.yaml": TEAMS, **files})
    assert envctl("apply", "--yes").code == 0
    repository.git("checkout", "--quiet", "-b", "topic")
    for name in names[:4]:
        repository.commit({f"{name}.yaml": None}, f"without {name}")
    reviewed = f"git+{repository.url}@topic"
    (violation,) = envctl("plan", "--source", reviewed, "--format", "json").json["scopes"][0][
        "violations"
    ]
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--squash", "--quiet", "topic")
    repository.git("commit", "-qm", f"Four go (#7)\n\nEnvctl-Approve: {violation['token']}")

    merged = envctl("plan", "--format", "json")

    assert merged.code == 2
    assert merged.json["scopes"][0]["violations"][0]["approved"]
    repository.commit({"a4.yaml": None}, f"a fifth\n\nEnvctl-Approve: {violation['token']}")
    other = envctl("plan")
    assert other.code == 3
    assert f"{violation['token']}: the changes it was given for are others now" in other.out
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    assert envctl("apply", "--yes").code == 0


@pytest.mark.slow
def test_a_chain_is_made_forwards_and_ends_backwards(repository: Repository) -> None:
    chain = """apiVersion: envctl/v1
kind: Service
metadata: {name: Search}
spec: {owningCluster: Tango}
---
apiVersion: envctl/v1
kind: Cluster
metadata: {name: Tango}
spec: {shortName: ta, notificationSettingsId: tango}
---
apiVersion: envctl/v1
kind: NotificationSettings
metadata: {name: tango}
spec: {ticketing: queue}
---
apiVersion: envctl/v1
kind: DeploymentMap
metadata: {name: web}
spec:
  roles:
  - {serverRoleName: Web, owningCluster: Tango, contactEmailTag: a@b.cd, ami: web, autoScalingSettings: {}, services: [Search]}
"""
    other = ALERTS % ("other", "")
    repository.commit({"chain.yaml": chain, "other.yaml": other})
    made = envctl("plan", "--format", "json").json["scopes"][0]["changes"]
    assert envctl("apply", "--yes").code == 0
    repository.commit({"chain.yaml": None})
    gone = envctl("plan", "--format", "json").json["scopes"][0]["changes"]

    forwards = [one["kind"] for one in made if one["key"] != "other"]
    backwards = [one["kind"] for one in gone]

    assert forwards == ["NotificationSettings", "Cluster", "Service", "DeploymentMap"]
    assert backwards == ["DeploymentMap", "Service", "Cluster", "NotificationSettings"]
    assert envctl("apply", "--yes").code == 0
    assert envctl("audit", "verify", "--replay").code == 0


def test_an_account_keeps_its_name(repository: Repository) -> None:
    staging = account()
    repository.commit({"teams.yaml": TEAMS, "account.yaml": staging})
    assert envctl("apply", "--yes").code == 0
    repository.commit({"account.yaml": staging.replace("staging-eu", "renamed")})

    refused = envctl("plan")

    assert refused.code == 1
    assert "metadata.name: Account/renamed is Account/staging-eu under another name" in refused.err
    assert "fix: name it staging-eu again" in refused.err


@pytest.mark.slow
def test_an_upstream_stays_while_somebodys_virtual_host_names_it(repository: Repository) -> None:
    fleet = one_file(account(), EMPTY_MAP, environment("c50"), service("Search"))
    upstream = """apiVersion: envctl/v1
kind: Upstream
metadata: {name: c50-Search}
spec: {environmentName: c50, serviceName: Search, hosts: [{dnsName: a.acme.example, port: 80}]}
"""
    host = {"EnvironmentName": "c50", "VHostName": "www"}
    value = {**host, "Locations": [{"Path": "/", "ProxyPass": "http://c50-Search"}]}
    repository.commit({"teams.yaml": TEAMS, "fleet.yaml": fleet, "upstream.yaml": upstream})
    assert envctl("apply", "--yes").code == 0
    store = installation().master.store
    store.write(PutWrite("InfraConfigLBSettings", to_wire({**host, "Value": value})))
    repository.commit({"upstream.yaml": None})

    held = envctl("plan")

    assert held.code == 0
    assert "LoadBalancerSetting/c50/www, which is not in the YAML, still names it" in held.out
    store.write(DeleteWrite("InfraConfigLBSettings", to_wire(host)))
    assert envctl("plan").code == 2


@pytest.mark.slow
def test_nobody_says_of_an_upstream_that_it_is_unmanaged_and_removes_it(
    repository: Repository,
) -> None:
    """A route that ours names stays led to: what has no document any more was deleted by that, not left out."""
    fleet = one_file(account(), EMPTY_MAP, environment("c50"), service("Search"))
    upstream = """apiVersion: envctl/v1
kind: Upstream
metadata: {name: c50-Search}
spec: {environmentName: c50, serviceName: Search, hosts: [{dnsName: a.acme.example, port: 80}]}
"""
    host = """apiVersion: envctl/v1
kind: LoadBalancerSetting
metadata: {name: www}
spec:
  environmentName: c50
  listen: [443]
  serverName: [www]
  frontEnd: true
  locations: [{path: /, proxyPass: http://c50-Search}]
"""
    fleet = fleet.replace("subnets:", "loadBalancers: [lb1.acme.example], subnets:")
    files = {"teams.yaml": TEAMS, "fleet.yaml": fleet, "up.yaml": upstream, "www.yaml": host}
    repository.commit(files)
    applied = envctl("apply", "--yes")
    assert applied.code == 0, applied.err
    unmanaged = host.replace("{name: www}", "{name: www, unmanaged: [Upstream/c50-Search]}")
    repository.commit({"up.yaml": None, "www.yaml": unmanaged})

    held = envctl("plan")

    assert "LoadBalancerSetting/c50/www still names it" in held.out
    assert "MarkForDelete" not in held.out
