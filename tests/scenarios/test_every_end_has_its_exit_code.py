"""Other programs script the command line: how a command ends is a contract."""

from pathlib import Path

import pytest

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.engine.commit.lease import Claim, Leases
from controller.model.ledger_record import Head
from tests.support.command_line import Fleet, envctl, installation, service
from tests.support.embedded_aws import AwsForTests
from tests.support.fleet_yaml import account

CONTRACTORS = {
    f"p{number}.yaml": (
        f"apiVersion: envctl/v1\nkind: Permission\nmetadata: {{name: p{number}}}\n"
        "spec: {permissions: [{resource: '/config/*', access: PUT}]}\n"
    )
    for number in range(5)
}


def test_0_nothing_to_do_or_done(installed: Fleet) -> None:
    assert installed.apply().code == 0
    planned = installed.plan()

    assert planned.code == 0
    assert "Nothing to do." in planned.out
    assert installed.apply().code == 0


def test_1_the_desired_state_is_wrong(installed: Fleet) -> None:
    installed.has({"search.yaml": service("Search", owningCluster="Tnago")})

    for ended in (installed.plan(), installed.apply(), envctl("validate", installed.folder)):
        assert ended.code == 1
        assert "search.yaml:4:25: spec.owningCluster: no Cluster named 'Tnago'" in ended.err
        assert "did you mean 'Tango'?" in ended.err


def test_2_the_plan_has_changes(installed: Fleet) -> None:
    planned = installed.plan()

    assert planned.code == 2
    assert "3 create · 0 update · 0 delete" in planned.out
    assert (asked := installed.plan("--exit-zero")).code == 0
    assert asked.out == planned.out


def test_3_refused_by_a_guard_until_exactly_that_is_approved(installed: Fleet) -> None:
    installed.has(CONTRACTORS)
    installed.apply()
    installed.has(dict.fromkeys(CONTRACTORS))

    refused = installed.plan("--format", "json")
    (violation,) = refused.json["scopes"][0]["violations"]

    assert refused.code == 3
    assert installed.plan("--exit-zero").code == 3
    assert installed.apply().code == 3
    assert "config  refused" in envctl("status").out
    assert installed.apply("--approve", "maxDeletes@000000").code == 3
    assert installed.apply("--approve", violation["token"]).code == 0


def test_4_the_plan_went_stale(installed: Fleet, tmp_path: Path) -> None:
    plan_file = tmp_path / "plan.json"
    installed.plan("--out", plan_file)
    installed.has({"search.yaml": service("Checkout", 40001)})

    stale = installed.apply(plan_file)

    assert stale.code == 4
    assert "the source moved on" in stale.err
    assert (
        "no longer to be done: create Service/Search\n  not reviewed: create Service/Checkout"
        in stale.err
    )
    installed.plan("--out", plan_file)
    installed.has({"search.yaml": service("Checkout", 40002)})
    assert "fields[2].after: the file says 40001, now 40002" in installed.apply(plan_file).err
    assert installed.apply("--expect", "0" * 16).code == 4
    assert installed.apply("--expect", "0" * 15).code == 64
    digest = installed.plan("--format", "json").json["digest"]
    assert installed.apply("--expect", digest[:16]).code == 0


def test_a_plan_file_is_applied_as_it_was_asked_for(installed: Fleet, tmp_path: Path) -> None:
    plan_file = tmp_path / "plan.json"
    installed.has({"account.yaml": account()})
    planned = installed.plan("--deep", "--out", plan_file)
    assert f"Next: envctl apply {plan_file} --source {installed.folder}" in planned.out

    applied = installed.apply(plan_file, "--format", "json")

    assert applied.code == 0
    assert applied.json["plan"]["options"] == ["deep"], "apply looked as closely by itself"


def test_64_taking_over_is_said_again_by_who_does_it(installed: Fleet, tmp_path: Path) -> None:
    plan_file = tmp_path / "plan.json"
    installed.plan("--adopt", "--out", plan_file)

    unasked = installed.apply(plan_file)

    assert unasked.code == 64
    assert f"fix: envctl apply {plan_file} --source {installed.folder} --adopt" in unasked.err
    assert installed.apply(plan_file, "--adopt").code == 0


def test_5_try_again_where_there_are_no_tables_yet(moto: None, fleet: Fleet) -> None:
    planned = fleet.plan()

    assert planned.code == 5
    assert "EnvctlState does not exist" in planned.err
    assert "envctl bootstrap" in planned.err


def test_5_try_again_where_aws_does_not_answer(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("controller.model.backoff.Backoff.pause_s", lambda *_: 0.0)

    planned = fleet.plan()

    assert planned.code == 5
    assert "no answer from AWS" in planned.err
    assert "AWS_ENDPOINT_URL" in planned.err


def test_5_try_again_where_the_source_cannot_be_read(fleet: Fleet, tmp_path: Path) -> None:
    assert envctl("validate", tmp_path / "nowhere").code == 5
    assert envctl("validate", f"git+file://{tmp_path}/nowhere").code == 5


def test_5_try_again_where_somebody_else_owns_the_scope(installed: Fleet) -> None:
    installation().leases.take("config", Claim("another worker"))

    busy = installed.apply()

    assert busy.code == 5
    assert "owned by another worker" in busy.err
    assert installed.apply("--take-over").code == 0


def test_5_try_again_where_one_table_is_missing_and_nothing_is_planned(installed: Fleet) -> None:
    client = installation().master.client
    name = "InfraConfigLBUpstream"
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
    client.delete_table(TableName=name)

    for ended in (installed.plan(), installed.apply()):
        assert ended.code == 5
        assert "0 create · 0 update · 0 delete" in ended.out
        assert f"table {name} does not exist" in ended.out


@pytest.mark.slow
def test_6_access_denied_where_a_table_may_not_be_read(sandbox: AwsForTests, fleet: Fleet) -> None:
    assert envctl("bootstrap").code == 0
    denied = "AccessDeniedException"
    sandbox.controls.fail_next(operation="Query", code=denied, times=None)
    assert envctl("audit", "list").code == 6
    sandbox.controls.no_faults()
    sandbox.controls.fail_next(operation="Scan", code=denied, times=None)

    planned = fleet.plan()

    assert planned.code == 6
    assert "access denied" in planned.err + planned.out


def test_6_access_denied_where_nobody_signed_in(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)

    planned = fleet.plan()

    assert planned.code == 6
    assert "no usable AWS credentials" in planned.err


def test_7_a_change_that_somebody_else_made_first_conflicts_and_the_rest_is_done(
    installed: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = installation().master.store
    genuine = Leases.take

    def somebody_is_faster(leases: Leases, scope: str, claim: Claim) -> Head:
        item = to_wire({"ServiceName": "Search", "OwningCluster": "Infra", "Value": {}})
        store.write(PutWrite("InfraConfigServices", item))
        return genuine(leases, scope, claim)

    # The plan has been made when the scope is taken.
    monkeypatch.setattr(Leases, "take", somebody_is_faster)
    installed.has({"auth.yaml": service("Auth", 40010)})

    applied = installed.apply()

    assert applied.code == 7
    assert "conflicted + Service/Search" in applied.err
    assert "3 applied · 1 conflicted" in applied.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plan", "--no-such-option"], "No such option"),
        (["no-such-command"], "No such command"),
        (["vaildate"], "Did you mean 'validate'?"),
        (["schedule", "prevew"], "Did you mean 'preview'?"),
        (["validate", "one", "two"], "unexpected extra argument"),
        (
            ["plan", "--format", "yaml"],
            "'--format' / '-o': 'yaml' is not one of 'text', 'markdown', 'json', 'html'\n  fix: envctl plan --help",
        ),
        (["plan", "--source", ".", "--base", ".", "--observed", "x"], "leave one of them out"),
        (["validate"], "no source"),
        (["validate", "ftp://x/y"], "is not one we can read"),
        (["--config", "/nowhere.yaml", "validate"], "settings /nowhere.yaml: cannot be read"),
        (["apply", "/nowhere.json", "--yes"], "plan file /nowhere.json: cannot be read"),
        (["schedule", "eval", "/nowhere"], "cannot be read"),
        (["apply", "--wait", "soon"], "is no length of time"),
        (["audit"], "Usage"),
        ([], "Usage"),
    ],
)
def test_64_wrong_usage(arguments: list[str], says: str) -> None:
    ended = envctl(*arguments)

    assert ended.code == 64
    assert says in ended.err
    assert "Traceback" not in ended.err


def test_64_where_nobody_can_be_asked(installed: Fleet) -> None:
    ended = envctl("apply", "--source", installed.folder)

    assert ended.code == 64
    assert "--yes" in ended.err
    assert installed.plan().code == 2


def test_70_a_bug_of_ours_leaves_a_short_text_and_a_traceback_in_a_file(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("controller.engine.config.planner.Planner.load", broken)

    ended = envctl("validate", fleet.folder)

    (kept,) = tmp_path.glob("envctl-bug-*.txt")
    assert ended.code == 70
    assert "ZeroDivisionError: by nothing" in ended.err
    assert str(kept) in ended.err
    assert "Traceback" not in ended.err
    assert "in broken" in kept.read_text()


@pytest.mark.slow
def test_ctrl_c_in_the_middle_of_an_apply_gives_the_scope_back(
    installed: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("controller.engine.config.apply.commit_changes", interrupted)
        assert installed.apply().code == 130

    assert installed.apply().code == 0


def test_130_ctrl_c_is_no_traceback(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("controller.engine.config.planner.Planner.load", interrupted)

    ended = envctl("validate", fleet.folder)

    assert ended.code == 130
    assert ended.err == "envctl: interrupted\n"
