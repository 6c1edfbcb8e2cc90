"""Accounts follow a rollback, as far as that can be; Git is told of it by a commit on a branch of its own.

Covers: engine.rollback.revert_commit.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.engine.config.planner import Planner
from controller.engine.reconcile.reconciler import Reconciled
from controller.engine.rollback.chosen import Choosing, Chosen
from controller.engine.rollback.service import PreparedRollback, Rollbacks
from controller.errors import WrongUsage
from controller.events import discard_event
from controller.sources.folder import FolderSource
from controller.targets.groups import TARGET as GROUPS
from controller.views.rollback import NOT_ENDED_ONES, rollback_lines
from tests.support.command_line import TEAMS, Ended, Fleet, envctl, service, use_settings
from tests.support.embedded_aws import AwsForTests
from tests.support.git_repository import Repository
from tests.support.live_account import FLEET, LiveAccount
from tests.support.live_accounts import LiveEstate
from tests.support.reconcilers import asked
from tests.support.told import Told

WEB = "c50-ta-Web"
SIZES = {"minCapacity": 1, "desiredCapacity": 1, "maxCapacity": 4}
AUTH = "auth.yaml"


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> LiveEstate:
    """One environment whose group is made."""
    LiveAccount(sandbox)
    made = LiveEstate(tmp_path / "fleet", (GROUPS,), "targets: {groups: enforce}")
    made.has({"shared.yaml": None, "staging.yaml": None})
    for kind, name in FLEET:
        document(made, kind, name)
    made.applied()
    return made


def document(estate: LiveEstate, kind: str, name: str, **fields: Any) -> None:
    told = {
        "apiVersion": "envctl/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {**FLEET[kind, name], **fields},
    }
    estate.has({f"{kind}-{name}.yaml": yaml.safe_dump(told)})


def desired_size(estate: LiveEstate) -> int:
    found = estate.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    (group,) = (group for group in found if group["AutoScalingGroupName"] == WEB)
    return int(group["DesiredCapacity"])


def prepared(estate: LiveEstate, chosen: str | Chosen) -> tuple[Rollbacks, PreparedRollback]:
    master = estate.installation.master
    source = FolderSource(estate.folder)
    rollbacks = Rollbacks(
        accounts=estate.live(), own=Planner(lambda: source, master.settings, master.kinds)
    )
    if isinstance(chosen, str):
        chosen = Choosing(estate.installation).of_id(chosen)
    return rollbacks, rollbacks.prepare(chosen, frozenset(), asked())


def rolled_back(rollbacks: Rollbacks, made: PreparedRollback) -> Reconciled:
    return rollbacks.carry_out(made, asked(), discard_event)


def test_accounts_follow_and_what_ended_stays_ended_is_said_before(estate: LiveEstate) -> None:
    (role,) = FLEET["DeploymentMap", "web"]["roles"]
    document(estate, "DeploymentMap", "web", roles=[{**role, "autoScalingSettings": SIZES}])
    report = estate.applied()
    assert desired_size(estate) == 1

    rollbacks, made = prepared(estate, report.transaction)

    said = "\n".join(rollback_lines(made))
    assert NOT_ENDED_ONES in said
    assert "staging-eu/eu-west-1 (1)" in said
    assert desired_size(estate) == 1
    done = rolled_back(rollbacks, made)
    assert done.report is not None
    assert (done.exit_code, desired_size(estate)) == (0, 2)
    again = estate.planned()
    assert again.plan.changes == ()


@pytest.mark.slow
def test_groups_follow_an_environment_that_is_held_as_a_whole(estate: LiveEstate) -> None:
    """Its roles are kept beside its item, where no field can be left as found: what is held is the document, not its groups."""
    roles = {"Web": {"autoScalingSettings": SIZES}}
    document(estate, "Environment", "c50", roles=roles)
    report = estate.applied()
    assert desired_size(estate) == 1
    rollbacks, made = prepared(estate, report.transaction)
    assert [(held.ref.key, held.path) for held in made.held] == [("c50", "")]

    done = rolled_back(rollbacks, made)

    assert done.report is not None
    assert (done.exit_code, desired_size(estate)) == (0, 2)
    scaled = {"AutoScalingGroupName": WEB, "MinSize": 3, "DesiredCapacity": 3}
    estate.client("autoscaling").update_auto_scaling_group(**scaled)
    estate.applied()
    assert desired_size(estate) == 2, "it is healed while it is held"
    assert estate.planned().plan.changes == ()
    document(estate, "Environment", "c50", roles=roles, description="on purpose")
    estate.applied()
    assert desired_size(estate) == 1, "Git changed its mind"


@pytest.mark.slow
def test_groups_of_an_environment_that_git_deleted_come_back(estate: LiveEstate) -> None:
    estate.clock.sleep(60)
    before = estate.clock.now
    estate.clock.sleep(60)
    document(estate, "Environment", "c50", lifecycle="retired")
    estate.applied()
    estate.applied()
    estate.has({"Environment-c50.yaml": None})
    estate.applied()
    assert estate.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []

    chosen = Choosing(estate.installation).since_moment(before, estate.clock.now)
    rollbacks, made = prepared(estate, chosen)
    done = rolled_back(rollbacks, made)

    assert (done.exit_code, desired_size(estate)) == (0, 2)
    assert estate.planned().plan.changes == ()


@pytest.mark.tells("controller/engine/rollback/chosen.py", "rollback")
def test_a_record_of_an_account_is_not_rolled_back_by_itself(
    estate: LiveEstate, told: Told
) -> None:
    (alone, *_) = (found for found in estate.records() if found.phase == "succeeded")
    (role,) = FLEET["DeploymentMap", "web"]["roles"]
    document(estate, "DeploymentMap", "web", roles=[{**role, "autoScalingSettings": SIZES}])
    transaction = estate.applied().transaction
    *_, together = (found for found in estate.records() if found.phase == "succeeded")
    assert (together.transaction_id, together.entity_type) == (transaction, "Group")

    with pytest.raises(WrongUsage, match="that it followed: envctl audit list names those"):
        Choosing(estate.installation).of_id(alone.audit_id)
    with pytest.raises(WrongUsage) as refused:
        Choosing(estate.installation).of_id(together.audit_id)

    told.is_typed(str(refused.value), "rollback", transaction)
    assert [held.ref.key for held in prepared(estate, transaction)[1].held] == ["web"]


@pytest.fixture
def repository(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Two services in Git, applied; then an edit of one, applied too."""
    made = Repository.at(tmp_path / "repository")
    use_settings(tmp_path, monkeypatch, f'source: {{git: {{url: "{made.url}", ref: main}}}}\n')
    made.git("config", "user.name", "Ada Author")
    made.git("config", "user.email", "ada@example.com")
    files = {
        "teams.yaml": TEAMS,
        "search.yaml": service("Search", 40000, description="finds things"),
        AUTH: service("Auth", 40001, description="knows who"),
    }
    made.commit(files)
    assert envctl("apply", "--yes").code == 0
    return made


def accident(repository: Repository) -> str:
    """Commit and apply an accident; return the transaction."""
    repository.commit({"search.yaml": service("Search", 40000, description="an accident")}, "oops")
    ended = envctl("apply", "--yes", "--format", "json")
    assert ended.code == 0, ended.err
    return str(ended.json["transaction"])


def rollback(*options: object) -> Ended:
    return envctl("rollback", "--yes", *options)


def test_git_gets_a_reverting_commit_on_a_branch_of_its_own(repository: Repository) -> None:
    transaction = accident(repository)
    repository.commit({AUTH: service("Auth", 40001, description="later")}, "later")
    (repository.folder / "search.yaml").write_text("half an edit")
    head = repository.head

    ended = rollback(transaction, "--git", repository.folder)

    assert ended.code == 0, ended.err
    branch = f"rollback/{transaction}"
    assert f"on branch {branch} reverts 1 commit" in ended.out
    assert "finds things" in repository.git("show", f"{branch}:search.yaml")
    assert "later" in repository.git("show", f"{branch}:{AUTH}")
    assert repository.git("rev-parse", f"{branch}^") == repository.head == head
    assert (repository.folder / "search.yaml").read_text() == "half an edit"
    assert transaction in repository.git("log", "-1", "--format=%B", branch)
    assert repository.git("log", "-1", "--format=%an", branch) == "Ada Author"


@pytest.mark.slow
def test_merging_that_commit_ends_what_was_held(repository: Repository) -> None:
    transaction = accident(repository)
    assert rollback(transaction, "--git", repository.folder).code == 0
    repository.git("merge", "--quiet", f"rollback/{transaction}")

    assert envctl("apply", "--yes").code == 0

    assert envctl("override", "list", "--format", "json").json["overrides"] == []
    assert envctl("plan").code == 0


@pytest.mark.slow
def test_where_it_cannot_be_reverted_nothing_is_rolled_back(repository: Repository) -> None:
    transaction = accident(repository)
    repository.commit({"search.yaml": service("Search", 40000, description="mended")}, "mended")

    ended = rollback(transaction, "--git", repository.folder)

    assert ended.code == 7
    assert "search.yaml changed since" in ended.err
    assert repository.git("branch", "--list", "rollback/*") == ""
    assert envctl("override", "list", "--format", "json").json["overrides"] == []


@pytest.mark.slow
def test_what_is_no_clone_or_was_done_already_is_told(
    repository: Repository, tmp_path: Path
) -> None:
    transaction = accident(repository)
    (tmp_path / "empty").mkdir()
    other = Repository.at(tmp_path / "other")
    other.commit({"a": "b"})

    assert "no Git repository" in rollback(transaction, "--git", tmp_path / "empty").err
    assert "is not in it" in rollback(transaction, "--git", other.folder).err
    repository.git("branch", f"rollback/{transaction}")
    assert "cannot be made" in rollback(transaction, "--git", repository.folder).err
    assert envctl("override", "list", "--format", "json").json["overrides"] == []


DEFAULTS = """apiVersion: envctl/v1
kind: Defaults
metadata: {name: all}
spec: {Service: {description: from the folder}}
"""


def newest_record(name: str) -> str:
    listed = envctl("audit", "list", "--entity", name, "--format", "json")
    return str(listed.json["records"][0]["auditId"])


@pytest.mark.slow
def test_of_a_commit_that_did_more_only_what_is_rolled_back_is_reverted(
    repository: Repository,
) -> None:
    both = (
        service("Search", 40000, description="one")
        + "---\n"
        + service("Mail", 40003, description="letters")
    )
    repository.commit({"search.yaml": both})
    assert envctl("apply", "--yes").code == 0
    oops = both.replace("one", "an accident").replace("letters", "parcels")
    repository.commit(
        {
            "search.yaml": oops,
            AUTH: service("Auth", 40001, description="meant"),
            "notes.md": "meant",
            "defaults.yaml": DEFAULTS,
        }
    )
    assert envctl("apply", "--yes").code == 0
    record = newest_record("Service/Search")

    ended = rollback(record, "--git", repository.folder)

    assert ended.code == 0, ended.err
    branch = f"rollback/{record}"
    changed = repository.git("diff", "--name-only", "main", branch)
    assert changed == "search.yaml"
    assert (
        repository.git("show", f"{branch}:search.yaml")
        == oops.replace("an accident", "one").rstrip()
    )
    assert (
        "what else was changed in these files stays: auth.yaml, defaults.yaml, notes.md"
        in ended.out
    )


@pytest.mark.slow
def test_for_one_record_what_many_share_is_not_reverted(repository: Repository) -> None:
    repository.commit({"mail.yaml": service("Mail", 40003), "news.yaml": service("News", 40004)})
    assert envctl("apply", "--yes").code == 0
    repository.commit({"defaults.yaml": DEFAULTS})
    assert envctl("apply", "--yes").code == 0

    ended = rollback(newest_record("Service/Mail"), "--git", repository.folder)

    assert ended.code == 64
    assert "comes of what other objects share, in defaults.yaml" in ended.err
    assert repository.git("branch", "--list", "rollback/*") == ""
    assert envctl("override", "list", "--format", "json").json["overrides"] == []
