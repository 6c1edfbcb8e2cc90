"""What status and alerts tell to type is typed in the state they tell of, and leads to what is wrong."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.cli.process import movable_clock, utc_now
from controller.engine.notifications.alert_text import SHOWN, alert_text
from controller.engine.notifications.standing import Around, standing_alerts
from controller.engine.state.open_records import row_of_open_records
from controller.engine.state.override_rows import (
    override_rows_in,
    overrides_of_row,
    row_of_override,
)
from controller.engine.state.rows import row_of_status, statuses_in
from controller.ledger.heads import row_of_head
from controller.model.alert import KnownAlert
from controller.model.ledger_record import LEDGER_FORMAT, Head
from controller.model.observed import ScopeState
from controller.sandbox.seed import seed
from tests.support.command_line import (
    TEAMS,
    Fleet,
    commands_in,
    envctl,
    installation,
    service,
    use_settings,
)
from tests.support.embedded_aws import AwsForTests
from tests.support.fleet_yaml import EMPTY_MAP, WEB_MAP, account, environment
from tests.support.installed import rows_of
from tests.support.told import Told

pytestmark = pytest.mark.slow


STAGING, SCOPE = "012345670123", "staging-eu/eu-west-1"
ACCOUNT = account(environment_type="Staging")
WEB = "c50-ta-Web"


def status_line(words: str) -> str:
    """Return the line of status that has these words."""
    (line,) = (line for line in envctl("status").out.splitlines() if words in line)
    return line


def alerts() -> str:
    """Return the message that tells of the alerts that stand now."""
    now = utc_now()
    around = Around(
        now=now,
        scopes={"config", SCOPE},
        dead_letters=0,
        announce_within=timedelta(minutes=30),
    )
    known = [KnownAlert(alert, now) for alert in standing_alerts(rows_of(installation()), around)]
    return alert_text(known, "0" * 12)


def alert_line(kind: str) -> str:
    """Return the line of the message that tells of a kind of alerts."""
    (line,) = (line for line in alerts().splitlines() if line.startswith(f"{kind} "))
    return line


@pytest.fixture
def estate(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Tables that are set up, and settings that name the folder; nothing is applied."""
    settings = f"source: {{folder: {installed.folder}}}\nguards: {{smallMaxDeletes: 0}}\n"
    use_settings(tmp_path, monkeypatch, settings)
    return installed


@pytest.mark.tells("controller/views/scope_text.py", "plan")
@pytest.mark.tells("controller/views/status_text.py", "plan")
def test_what_was_never_applied_is_planned(estate: Fleet, told: Told) -> None:
    for words in ("nobody looked at it yet", "the source holds another revision"):
        planned = told.types(status_line(words))
        assert (planned.code, "+ Service Search" in planned.out) == (2, True)


def test_what_was_asked_for_is_kept(installed: Fleet, told: Told, tmp_path: Path) -> None:
    settings, hours = tmp_path / "of mine.yaml", "start: 0 8 * * 1-5; stop: 0 19 * * 1-5 | GB"
    settings.write_text(f"source: {{folder: {installed.folder}}}\n", encoding="utf-8")
    schedule = f"apiVersion: envctl/v1\nkind: Schedule\nmetadata: {{name: hours}}\nspec: {{expression: '{hours}'}}\n"
    installed.has({"hours.yaml": schedule})
    mine = ("--config", settings)

    planned = told.types(envctl(*mine, "status").out.splitlines()[1])
    assert (planned.code, "+ Service Search" in planned.out) == (2, True)
    applied = installed.apply()
    warned = told.types(applied.err)
    assert "GB" in warned.out + warned.err
    explained = envctl("explain", "Search", "--source", installed.folder)
    assert "bluePort: 40000" in told.types(explained.out, "render").out
    explained = envctl(*mine, "explain", "Search")
    shown = told.types(explained.out, f"--config {settings} render")
    assert "bluePort: 40000" in shown.out
    assert "envctl render" not in envctl("explain", "Search").out, "no source is known"


@pytest.mark.tells("controller/views/scope_text.py", "validate")
@pytest.mark.tells("controller/engine/notifications/standing.py", "validate")
def test_a_source_that_is_wrong_is_validated(estate: Fleet, told: Told) -> None:
    estate.has({"search.yaml": service("Search", owningCluster="Nobody")})
    for _ in range(2):
        assert envctl("apply", "--yes").code == 1

    for line in (status_line("config  stalled"), alert_line("source-stalled")):
        shown = told.types(line)
        assert (shown.code, "search.yaml:4" in shown.err) == (1, True)


@pytest.mark.tells("controller/views/scope_text.py", "plan --scope")
@pytest.mark.tells("controller/engine/notifications/standing.py", "plan")
def test_what_a_guard_refused_is_planned_with_what_approves_it(estate: Fleet, told: Told) -> None:
    assert envctl("apply", "--yes").code == 0
    estate.has({"search.yaml": None})
    assert envctl("apply", "--yes").code == 3

    for line in (status_line("config  refused"), alert_line("guard-refused")):
        refused = told.types(line)
        assert (refused.code, "--approve maxDeletes@" in refused.out) == (3, True)


@pytest.mark.tells("controller/engine/notifications/alert_text.py", "status")
@pytest.mark.tells("controller/engine/notifications/standing.py", "override list")
def test_an_override_that_ends_soon_is_listed_and_many_are_in_status(
    estate: Fleet, told: Told
) -> None:
    assert envctl("apply", "--yes").code == 0
    made = ("override", "Search", "description=x", "--until", "+20m", "--reason", "r", "--yes")
    assert envctl(*made).code == 0

    assert "description=x" in told.types(alert_line("override-ends-soon")).out

    master = installation().master
    (row,) = override_rows_in(rows_of(installation()).values())
    (held,) = overrides_of_row(row)
    for number in range(SHOWN):
        more = row_of_override(replace(held, id=f"MORE{number:04}"))
        master.store.write(PutWrite(master.state_table, to_wire(more)))
    assert f"Overrides {SHOWN + 1} " in told.types(alerts().splitlines()[-1]).out


@pytest.mark.tells("controller/views/scope_text.py", "version")
@pytest.mark.tells("controller/engine/notifications/standing.py", "version")
def test_what_a_newer_controller_wrote_is_compared_with_the_version_here(
    estate: Fleet, told: Told
) -> None:
    assert envctl("apply", "--yes").code == 0
    master = installation().master
    newer = Head("config", 9, "", 0, 1, "aa", LEDGER_FORMAT + 1)
    master.store.write(PutWrite(master.state_table, to_wire(row_of_head(newer))))

    for line in (status_line("config  ok"), alert_line("scope-from-the-future")):
        assert f"format {LEDGER_FORMAT + 1}" in line
        assert f"ledger {LEDGER_FORMAT}" in told.types(line).out


@pytest.fixture
def fleet_in_accounts(aws: AwsForTests, tmp_path: Path) -> Iterator[AwsForTests]:
    """An environment that is off in an account of the sandbox, applied but for a key pair that its group lacks."""
    folder = tmp_path / "fleet"
    off = environment("c50", kind="Staging", more=", schedule: 'off'")
    teams = TEAMS.replace("shortName: ta", "shortName: ta, keyPair: tango")
    files = {"teams.yaml": teams, "account.yaml": ACCOUNT, "map.yaml": WEB_MAP, "c50.yaml": off}
    Fleet(folder).has(files)
    seed(aws.address, fleet=folder)
    ec2 = aws.client("ec2", STAGING)
    ec2.delete_key_pair(KeyName="tango")
    settings = (
        f"source: {{folder: {folder}}}\ntargets: {{groups: enforce}}\n"
        f"ledger: {{keepDays: 90}}\nsnapshots: {{folder: {tmp_path / 'kept'}}}\n"
    )
    with commands_in(aws, tmp_path, settings):
        assert envctl("bootstrap").code == 0
        for _ in range(2):
            assert envctl("apply", "--yes").code == 0
        yield aws


def follow_a_schedule_that_is_damaged(aws: AwsForTests, folder: Path) -> None:
    """Have the environment follow a Schedule, and write into its item what none can be."""
    hours = "apiVersion: envctl/v1\nkind: Schedule\nmetadata: {name: hours}\nspec: {expression: 'start: 0 8 * * *; stop: 0 19 * * *'}\n"
    follows = environment("c50", kind="Staging", more=", schedule: hours")
    for name, text in {"hours.yaml": hours, "c50.yaml": follows, "map.yaml": WEB_MAP}.items():
        (folder / name).write_text(text, encoding="utf-8")
    assert envctl("apply", "--yes", "--scope", "config").code == 0
    key = {"Kind": {"S": "Schedule"}, "Name": {"S": "hours"}}
    aws.client("dynamodb").update_item(
        TableName="EnvctlConfig",
        Key=key,
        UpdateExpression="SET #value.#expression = :wrong",
        ExpressionAttributeNames={"#value": "Value", "#expression": "Expression"},
        ExpressionAttributeValues={":wrong": {"S": "start: never"}},
    )


def moved_later() -> str:
    """Return which records would be moved when all of them are old, as the command says it."""
    with movable_clock() as later:
        later(timedelta(days=200))
        return envctl("audit", "archive", "--plan").out


@pytest.mark.tells("controller/views/audit/maintenance.py", "apply --scope")
@pytest.mark.tells("controller/views/lists/live.py", "apply")
@pytest.mark.tells("controller/views/scope_text.py", "doctor")
@pytest.mark.tells("controller/engine/notifications/standing.py", "audit list --entity")
@pytest.mark.tells("controller/engine/notifications/standing.py", "doctor")
@pytest.mark.tells("controller/views/status_text.py", "audit list --entity")
@pytest.mark.tells("controller/views/status_text.py", "doctor")
@pytest.mark.tells("controller/engine/notifications/standing.py", "plan --scope")
@pytest.mark.tells("controller/decisions/power_map.py", "doctor")
def test_what_an_account_lacks_and_what_others_do_there(
    fleet_in_accounts: AwsForTests, told: Told, tmp_path: Path
) -> None:
    for line in (status_line(f"  {SCOPE}"), status_line("Missing ")):
        assert "there is no key pair tango" in told.types(line).out
    fleet_in_accounts.client("ec2", STAGING).create_key_pair(KeyName="tango")
    assert envctl("apply", "--yes").code == 0

    groups = fleet_in_accounts.client("autoscaling", STAGING)
    groups.delete_auto_scaling_group(AutoScalingGroupName=WEB, ForceDelete=True)
    assert told.types(envctl("get", "groups").err).code == 0
    assert WEB in envctl("get", "groups").out
    for _ in range(2):
        groups.update_auto_scaling_group(AutoScalingGroupName=WEB, MaxSize=50)
        assert envctl("apply", "--yes").code == 0
    groups.update_auto_scaling_group(AutoScalingGroupName=WEB, MaxSize=50)
    envctl("apply", "--yes")
    for line in (status_line("Storms "), alert_line("drift-storm")):
        assert told.types(line).out.count("drifted") >= 3

    found = installation()
    made = next(line for line in found.ledger.lines.after(SCOPE, 0) if line.phase == "intended")
    row = row_of_open_records(SCOPE, [made.audit_id])
    found.master.store.write(PutWrite(found.master.state_table, to_wire(row)))
    assert told.types(moved_later(), "apply").code == 0
    assert "stays" not in moved_later()

    (tmp_path / "fleet/map.yaml").write_text(EMPTY_MAP, encoding="utf-8")
    assert envctl("apply", "--yes").code == 0
    (seen,) = (one for name, one in statuses_in(rows_of(found).values()).items() if name == SCOPE)
    row = row_of_status(replace(seen, state=ScopeState.REFUSED))
    found.master.store.write(PutWrite(found.master.state_table, to_wire(row)))
    for line in (status_line(f"  {SCOPE}"), alert_line("guard-refused")):
        assert "--approve retireFirst@" in told.types(line).out

    fleet_in_accounts.controls.fail_next(
        "DescribeAutoScalingGroups", "AccessDenied", account=STAGING, times=None
    )
    for _ in range(2):
        envctl("apply", "--yes")
    for line in (status_line(f"  {SCOPE}"), alert_line("scope-unknown")):
        assert "DescribeAutoScalingGroups" in told.types(line).out

    follow_a_schedule_that_is_damaged(fleet_in_accounts, tmp_path / "fleet")
    shown = told.types(status_line("its schedule cannot be read"))
    assert (shown.code, "Schedule/hours" in shown.out) == (7, True)
