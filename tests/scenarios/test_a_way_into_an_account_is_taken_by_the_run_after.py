"""A role, an external id, a region count once they were applied: a plan, merged or not, sends no secret and enters nothing by them.

Covers: engine.live.accounts, engine.live.observe, engine.desired.accepted.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from controller.engine.live.observe import Unobserved
from controller.engine.overrides.check import read_assignment
from controller.engine.queries.doctor.account import AccountDoctor
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.errors import InvalidDesiredState, NotAppliedYet
from controller.model.accepted import AcceptedState
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.views.outcomes import failure_lines
from controller.views.plan.wording import next_text
from tests.support.command_line import use_settings
from tests.support.fleet_yaml import NUMBERS, account, environment
from tests.support.live_accounts import SCOPE, LiveEstate, live_scopes
from tests.support.told import Told

NEW = "test-eu/eu-west-1"
FIRST, SECOND = "secretsmanager://envctl/first", "secretsmanager://envctl/second"
SETTINGS = """targets: {others: {owners: enforce}}
allowedRoleNames: [roleInfraEnvironmentManagerChild, roleOther]
"""
OTHER_ROLE = f"arn:aws:iam::{NUMBERS['staging-eu']}:role/roleOther"


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[LiveEstate]:
    with mock_aws():
        secrets = boto3.client("secretsmanager", "eu-west-1")
        for reference in (FIRST, SECOND):
            name = reference.removeprefix("secretsmanager://")
            secrets.create_secret(Name=name, SecretString=f"CANARY-{name}")
        made = LiveEstate(tmp_path / "fleet", settings_text=SETTINGS)
        made.has({"staging.yaml": account("staging-eu", externalId=FIRST)})
        made.has({"c50.yaml": environment("c50")}).applied()
        yield made


def ways_taken(estate: LiveEstate) -> Mapping[str, int]:
    """Return how often a role was assumed and a secret read since this was asked last."""
    counter = estate.installation.master.aws.counter
    found = {"AssumeRole": 0, "GetSecretValue": 0}
    for (*_, operation), count in counter.counts().items():
        if operation in found:
            found[operation] += count
    counter.clear()
    return found


NOTHING = {"AssumeRole": 0, "GetSecretValue": 0}


def why_not(plan: CombinedPlan, scope: str) -> str:
    (found,) = [one for one in live_scopes(plan) if one.scope == scope]
    assert found.changes == ()
    assert found.state == "waiting", found.reason
    return str(found.reason)


def test_a_new_account_is_neither_called_nor_its_secret_read_until_the_next_run(
    estate: LiveEstate,
) -> None:
    estate.has({"staging.yaml": account("staging-eu")}).applied()
    estate.has(
        {
            "test.yaml": account("test-eu", externalId=SECOND),
            "t1.yaml": environment("t1", kind="test-eu"),
        }
    )
    plan = estate.planned(deep=True)
    assert "applied first: Account/test-eu is new" in why_not(plan, NEW)
    assert "envctl apply" in why_not(plan, NEW)
    assert f"&& envctl apply   (the second reaches {NEW})" in next_text(plan.plan)
    ways_taken(estate)

    for _ in range(2):
        assert why_not(estate.planned(NEW, "config"), NEW)
        assert ways_taken(estate) == NOTHING
    estate.applied_once(NEW, "config")
    assert ways_taken(estate) == NOTHING
    assert estate.statuses()[NEW].state == "waiting"
    assert "CANARY" not in str(estate.rows())

    estate.applied_once(NEW, "config")
    assert ways_taken(estate)["GetSecretValue"] == 1
    assert estate.statuses()[NEW].state == "ok"
    assert estate.client("ssm", "test-eu").get_parameter(Name="/owners/t1")


@pytest.mark.slow
@pytest.mark.tells("controller/engine/live/observe.py", "apply")
def test_the_command_that_is_told_goes_in(
    estate: LiveEstate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    estate.has({"test.yaml": account("test-eu"), "t1.yaml": environment("t1", kind="test-eu")})
    power_alone = (
        "targets: {groups: 'off', scaling-schedules: 'off', replicas: 'off', power: enforce}\n"
    )
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {estate.folder}}}\n{power_alone}")

    reason = why_not(estate.planned(), NEW)
    assert told.types(reason, "apply").code == 0
    assert estate.statuses()[NEW].state == "waiting"
    assert told.types(reason, "apply").code == 0
    assert estate.statuses()[NEW].state == "ok"


@pytest.mark.slow
@pytest.mark.tells("controller/engine/live/apply_scope.py", "audit verify")
def test_nothing_is_done_by_a_state_that_is_older_than_what_was_done_by(
    estate: LiveEstate, told: Told
) -> None:
    resource: Any = boto3.resource("dynamodb", "eu-west-1")
    rows = resource.Table("EnvctlState")
    head = rows.get_item(Key={"Id": "head#config"})["Item"]
    rows.put_item(Item={**head, "Sequence": 2})
    parameters = estate.client("ssm", "staging-eu")
    parameters.delete_parameter(Name="/owners/c50")

    done = estate.applied_once(SCOPE)

    assert done.report is not None
    assert parameters.get_parameters_by_path(Path="/owners")["Parameters"] == []
    verified = told.types("\n".join(failure_lines(done.report)), "audit verify")
    assert verified.code == 7
    assert "the head stands at #2" in verified.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"externalId": SECOND}, "externalId"),
        ({}, "externalId"),
        ({"externalId": FIRST, "roleArn": OTHER_ROLE}, "roleArn"),
        ({"externalId": SECOND, "roleArn": OTHER_ROLE}, "roleArn and externalId"),
    ],
)
def test_an_account_that_is_reached_otherwise_waits_too(
    estate: LiveEstate, fields: dict[str, str], changed: str
) -> None:
    estate.has(
        {
            "staging.yaml": account("staging-eu", **fields),
            "c50.yaml": environment("c50", owner="Search"),
        }
    )
    ways_taken(estate)

    assert f"Account/staging-eu changes its {changed}" in why_not(estate.planned(), SCOPE)
    estate.applied_once()
    assert ways_taken(estate) == NOTHING
    estate.applied_once()
    assert ways_taken(estate)["AssumeRole"] == 1
    assert estate.statuses()[SCOPE].state == "ok"


def test_a_role_that_the_settings_do_not_allow_is_told_before_it_is_applied(
    estate: LiveEstate,
) -> None:
    role = OTHER_ROLE.replace("roleOther", "roleMine")
    estate.has({"staging.yaml": account("staging-eu", roleArn=role)})
    with pytest.raises(InvalidDesiredState) as refused:
        estate.planned("config")
    (problem,) = refused.value.problems
    assert str(problem).startswith(
        "staging.yaml:4:48: spec.roleArn: role roleMine is not one that may be assumed\n"
    )
    assert "allowedRoleNames of the settings allows: roleInfra" in str(problem)


def test_an_external_id_that_was_changed_is_sent_within_a_minute(estate: LiveEstate) -> None:
    running = estate.live()
    sent: list[str] = []
    sts = running.installation.master.aws.client("sts")
    sts.meta.events.register(
        "provide-client-params.sts.AssumeRole",
        lambda params, **_: sent.append(params["ExternalId"]),
    )
    estate.planned(live=running)
    boto3.client("secretsmanager", "eu-west-1").put_secret_value(
        SecretId="envctl/first", SecretString="CANARY-changed"
    )
    estate.clock.sleep(60)
    estate.planned(live=running)
    assert "CANARY-changed" not in sent

    estate.clock.sleep(1)
    assert live_scopes(estate.planned(live=running))[0].state == "ok"
    assert sent[-1:] == ["CANARY-changed"]


@pytest.mark.slow
def test_no_two_accounts_are_entered_by_one_external_id(estate: LiveEstate) -> None:
    estate.has({"test.yaml": account("test-eu", externalId=FIRST)})
    with pytest.raises(InvalidDesiredState) as refused:
        estate.planned("config")
    (problem,) = refused.value.problems
    assert f"{FIRST!r} is already taken by Account/staging-eu (externalId)" in problem.message
    assert problem.origin.line


@pytest.mark.slow
def test_a_new_region_waits_and_the_others_go_on(estate: LiveEstate) -> None:
    estate.has(
        {
            "staging.yaml": account("staging-eu", externalId=FIRST, regions="[eu-central-1]"),
            "c51.yaml": environment("c51"),
        }
    )
    plan = estate.planned()
    assert "region eu-central-1 of Account/staging-eu is new" in why_not(
        plan, "staging-eu/eu-central-1"
    )
    (known,) = [one for one in live_scopes(plan) if one.scope == SCOPE]
    assert [str(change.ref) for change in known.changes] == [f"OwnerParameter/{SCOPE}/c51"]
    estate.applied_once()
    assert live_scopes(estate.planned("staging-eu/eu-central-1"))[0].state == "ok"


@pytest.mark.slow
def test_a_role_that_another_program_wrote_is_put_back_before_anything_is_entered(
    estate: LiveEstate,
) -> None:
    boto3.client("dynamodb", "eu-west-1").update_item(
        TableName="InfraConfigAccounts",
        Key={"AccountNumber": {"N": str(int(NUMBERS["staging-eu"]))}},
        UpdateExpression="SET RoleArn = :role",
        ExpressionAttributeValues={":role": {"S": OTHER_ROLE}},
    )
    ways_taken(estate)

    assert "changes its roleArn" in why_not(estate.planned(), SCOPE)
    estate.applied_once()
    assert ways_taken(estate) == NOTHING
    estate.applied_once()
    assert estate.statuses()[SCOPE].state == "ok"


def overridden(estate: LiveEstate, assignment: str) -> AcceptedState:
    path, value = read_assignment(assignment)
    ref, now = ResourceRef("Account", "staging-eu"), estate.clock.now
    override = Override("o-1", ref, "release night", "ada", now, path=path, value=value)
    observed = estate.planned("config").observed.scopes[0]
    return estate.live().accepted(observed, now, [override])


@pytest.mark.slow
def test_an_override_opens_no_way_before_it_was_applied(estate: LiveEstate) -> None:
    accepted, live = overridden(estate, f"externalId={SECOND}"), estate.live()
    (setup,) = live.scopes(accepted, (SCOPE,))
    assert setup.external_id == FIRST
    ways_taken(estate)

    (seen,) = live.looks((setup,), estate.clock.now).values()
    assert isinstance(seen, Unobserved)
    assert isinstance(seen.error, NotAppliedYet)
    doctor = AccountDoctor(estate.installation, accepted, live.targets, estate.clock.now)
    doctor.know([setup])
    checks = {check.of: check.what for check in doctor.examine(setup)}
    assert "changes its externalId" in checks["role"]
    assert ways_taken(estate) == NOTHING


@pytest.mark.slow
def test_a_mode_holds_at_once_and_is_lifted_by_the_run_after(estate: LiveEstate) -> None:
    stopped = overridden(estate, "mode=observe")
    assert estate.live().scopes(stopped, (SCOPE,))[0].mode == "observe"
    estate.has({"staging.yaml": account("staging-eu", externalId=FIRST, mode="observe")}).applied()
    estate.has(
        {
            "staging.yaml": account("staging-eu", externalId=FIRST),
            "c50.yaml": environment("c50", owner="Search"),
        }
    )
    assert [one.state for one in live_scopes(estate.planned())] == ["observe"]
    estate.applied_once()
    assert [one.state for one in live_scopes(estate.planned())] == ["ok"]


@pytest.mark.slow
def test_an_account_that_cannot_be_read_is_not_entered_by_what_heals_it(
    estate: LiveEstate,
) -> None:
    boto3.client("dynamodb", "eu-west-1").update_item(
        TableName="InfraConfigAccounts",
        Key={"AccountNumber": {"N": str(int(NUMBERS["staging-eu"]))}},
        UpdateExpression="REMOVE Managed",
    )
    ways_taken(estate)
    assert "Account/staging-eu cannot be read back from the tables" in why_not(
        estate.planned(), SCOPE
    )
    estate.applied_once()
    assert ways_taken(estate) == NOTHING
    assert live_scopes(estate.planned())[0].state == "ok"
