"""What an apply or an override has done is printed, in text and JSON, also when something after it fails."""

from pathlib import Path

import pytest

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.engine.commit.lease import Claim
from controller.engine.live.accounts import LiveAccounts
from controller.engine.state.open_records import OPEN_PREFIX
from controller.engine.state.override_rows import read_overrides, row_of_override
from controller.errors import Throttled
from tests.support.command_line import Fleet, envctl, installation
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import PowerEstate


def throttled(*_: object) -> None:
    raise Throttled("tables: AWS asked to slow down", fix="nothing, it is tried again later")


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_status_that_cannot_be_written_hides_no_outcome(
    installed: Fleet, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    monkeypatch.setattr(LiveAccounts, "write_statuses", throttled)

    ended = installed.apply("--format", output)

    assert ended.code == 5
    if output == "json":
        told = ended.json
        assert {outcome["status"] for outcome in told["outcomes"]} == {"applied"}
        line = told["notKept"][0]
    else:
        assert "applied" in ended.out
        line = next(text for text in ended.err.splitlines() if "could not be written" in text)
    assert "how scope config stands could not be written" in line
    monkeypatch.undo()


def test_an_end_that_cannot_be_recorded_hides_no_outcome(installed: Fleet) -> None:
    assert installed.apply().code == 0
    words = ("override", "Service/Search", "description=x", "--until", "+10m", "--reason", "night")
    assert envctl(*words, "--yes").code == 0
    found = installation()
    master = found.master
    (row,) = read_overrides(master.store, "")
    past = row_of_override(row) | {"Until": "2020-01-01T00:00:00.000Z"}
    master.store.write(PutWrite("EnvctlState", to_wire(past)))
    # Nothing of config is to be applied, but another apply has it just now.
    found.leases.take("config", Claim("somebody"))

    ended = installed.apply("--format", "json")

    assert ended.code == 5
    assert ended.json["notKept"][0].startswith("the overrides that have ended could not be written")


def test_what_is_open_in_a_scope_that_is_taken_is_told_where_nothing_else_is_to_do(
    sandbox: AwsForTests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = PowerEstate(sandbox, tmp_path / "fleet")
    scope = "staging-eu/eu-west-1"
    config = tmp_path / "envctl.yaml"
    config.write_text("targets: {power: enforce}")
    monkeypatch.setenv("ENVCTL_CONFIG", str(config))
    estate.installation.leases.take(scope, Claim("somebody", lease_s=3600))
    master = estate.installation.master
    row = {"Id": OPEN_PREFIX + scope, "Records": ["0" * 64]}
    master.store.write(PutWrite(master.state_table, to_wire(row)))

    ended = envctl("apply", "--source", estate.folder, "--yes")

    assert ended.code == 5
    assert f"scope {scope}: owned by somebody" in ended.err


def test_an_override_that_was_written_is_told_though_nothing_can_be_switched(
    sandbox: AwsForTests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = PowerEstate(sandbox, tmp_path / "fleet")
    estate.instance("c50")
    config = tmp_path / "envctl.yaml"
    config.write_text("targets: {power: enforce}")
    monkeypatch.setenv("ENVCTL_CONFIG", str(config))
    monkeypatch.setattr(LiveAccounts, "plan", throttled)
    words = ("override", "c50", "schedule=off", "--until", "+2h", "--reason", "night", "--yes")

    ended = envctl(*words, "--format", "json")

    assert ended.code == 5
    assert ended.json["written"] is True
    assert ended.json["failed"][0].startswith("tables: AWS asked to slow down")
    assert len(read_overrides(estate.installation.master.store, "")) == 1
