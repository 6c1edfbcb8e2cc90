"""Overrides from the command line: made, listed, applied, announced, released; and what is refused.

Covers: engine.overrides.check.
"""

from pathlib import Path

import pytest

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.engine.commit.lease import Leases
from controller.engine.commit.storage import new_run_id
from controller.engine.overrides import service as overrides
from controller.engine.state.override_rows import read_overrides, row_of_override
from controller.errors import Throttled
from tests.support.command_line import Fleet, envctl, installation, service, use_settings
from tests.support.told import Told


@pytest.fixture
def described(installed: Fleet) -> Fleet:
    installed.has({"search.yaml": service("Search", 40000, description="finds things")})
    assert installed.apply().code == 0
    return installed


def make(*words: object, until: str = "+10m") -> list[object]:
    return ["override", *words, "--until", until, "--reason", "release night", "--yes"]


def test_made_listed_applied_and_released(described: Fleet) -> None:
    made = envctl(*make("Service/Search", "description=closed tonight"))
    listed = envctl("override", "list")
    as_json = envctl("override", "list", "--format", "json").json
    planned = described.plan("--format", "json")

    assert made.code == 0
    assert made.out.startswith("Service/Search description=closed tonight until ")
    assert "release early: envctl override release Search" in made.out
    (one,) = as_json["overrides"]
    assert (one["ref"], one["path"], one["value"]) == (
        "Service/Search",
        "description",
        "closed tonight",
    )
    assert listed.out.splitlines()[1].startswith(f"{one['id']}  Service/Search  description=closed")
    assert planned.json["scopes"][0]["changes"][0]["cause"] == "overridden"
    assert f"override {one['id']} of Service/Search" in planned.err
    assert "ends in 10 min" in planned.err

    released = envctl("override", "release", "Search", "--yes", "--format", "json")

    assert released.json["action"] == "release"
    assert released.json["written"] is True
    assert envctl("override", "list").out == "no overrides\n"
    assert described.plan().code == 0


def test_a_lease_that_cannot_be_given_back_fails_nothing_that_was_recorded(
    described: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def throttled(*_: object) -> None:
        raise Throttled("tables: AWS asked to slow down", fix="nothing, it is tried again later")

    with monkeypatch.context() as patch:
        patch.setattr(Leases, "release", throttled)
        made = envctl("--events", "-", *make("Service/Search", "description=closed tonight"))

    assert made.code == 0, made.err
    assert made.out.startswith("Service/Search description=closed tonight until ")
    assert "lease.notReleased" in made.err
    assert len(envctl("override", "list", "--format", "json").json["overrides"]) == 1


def test_an_end_is_recorded_by_the_next_apply_and_the_ledger_stays_whole(
    described: Fleet,
) -> None:
    envctl(*make("Service/Search"))
    master = installation().master
    (row,) = read_overrides(master.store, "")
    # Its time is moved, as nobody waits ten minutes here; then so that the ledger knows of it.
    past = row_of_override(row) | {"Until": "2020-01-01T00:00:00.000Z"}
    master.store.write(PutWrite("EnvctlState", to_wire(past)))

    planned = described.plan()
    applied = described.apply()

    assert (
        "ended: its time was up at 2020-01-01 00:00 UTC; the next apply records it" in planned.err
    )
    assert "ended: its time was up at 2020-01-01 00:00 UTC" in applied.err
    assert envctl("override", "list", "--format", "json").json["overrides"] == []


def test_the_ledger_proves_overrides_too(described: Fleet) -> None:
    envctl(*make("Service/Search"))
    assert envctl("audit", "verify", "--replay").code == 0

    envctl("override", "release", "Service/Search", "--yes")

    assert envctl("audit", "verify", "--replay").code == 0


@pytest.mark.slow
def test_of_two_of_one_object_it_is_told_which_holds_when(described: Fleet) -> None:
    (old,) = envctl(*make("Search", "description=all day", until="+5h"), "--format", "json").json[
        "overrides"
    ]
    made = envctl(*make("Search", "description=tonight", until="+1h"))
    listed = envctl("override", "list", "--format", "json").json
    (new,) = (one["id"] for one in listed["overrides"] if one["id"] != old["id"])

    assert f"this one goes before {old['id']} (description=all day) until " in made.out
    assert f"; then {old['id']} holds until " in made.out
    (overlay,) = listed["overlays"]
    assert (overlay["id"], overlay["above"], overlay["holdsAgain"]) == (old["id"], [new], True)
    told = f"{new} goes before {old['id']} (description=all day) until "
    for question in (("override", "list"), ("get", "overrides"), ("explain", "Service/Search")):
        assert told in envctl(*question).out
    assert described.apply().code == 0
    assert "tonight" in described.plan("--expand").out

    released = envctl("override", "release", new, "--yes")

    assert f"then {old['id']} holds: description=all day until " in released.out


@pytest.mark.slow
def test_until_git_ends_with_the_next_edit(described: Fleet) -> None:
    source = ("--source", described.folder)
    made = envctl(
        "override", "Search", "description=closed", "--until-git", *source, "--reason", "x", "--yes"
    )
    assert made.code == 0
    assert described.plan().code == 2
    described.has({"search.yaml": service("Search", 40000, description="finds more")})

    planned = described.plan()

    assert "ended: Git changed Service/Search" in planned.err
    assert "finds more" in planned.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["Service/Search", "bluePort=nine"], 1, "override of Service/Search"),
        (["Service/Search", "description=x", "--until", "yesterday"], 64, "no moment"),
        (["Service/Serch", "description=x", "--until", "+1h"], 64, "did you mean Service/Search?"),
        (["Service/Search", "description=x"], 64, "an override has one end"),
    ],
)
def test_what_is_refused(described: Fleet, words: list[str], code: int, said: str) -> None:
    ends = [] if "--until" in words or code == 64 else ["--until", "+1h"]
    ended = envctl("override", *words, *ends, "--reason", "x", "--yes")

    assert ended.code == code
    assert said in ended.err
    assert envctl("override", "list").out == "no overrides\n"


def test_without_an_answer_nothing_is_written(described: Fleet) -> None:
    ended = envctl("override", "Service/Search", "description=x", "--until", "+1h", "--reason", "x")

    assert ended.code == 64
    assert "there is nobody to ask" in ended.err
    assert envctl("override", "list").out == "no overrides\n"


@pytest.mark.slow
@pytest.mark.tells("controller/engine/overrides/service.py", "override list")
@pytest.mark.tells("controller/engine/power/fleet.py", "plan")
@pytest.mark.tells("controller/planning/overrides.py", "render")
def test_what_refusals_tell_to_type_leads_on(
    described: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {described.folder}}}\n")
    elsewhere = envctl(*make("Search", "bluePort.x=1"))
    assert "bluePort: 40000" in told.types(elsewhere.err, "render").out
    assert "they have, of kind Cluster: Infra, Tango; " in envctl(*make("Cluster/Zzzzzzz")).err
    assert envctl(*make("Search", "description=x")).code == 0
    unknown = envctl("override", "release", "Serch", "--yes")
    assert "Service/Search" in told.types(unknown.err, "override list").out

    installation().master.client.update_item(
        TableName="InfraConfigServices",
        Key={"ServiceName": {"S": "Search"}},
        UpdateExpression="SET #v.Description = :damage",
        ExpressionAttributeNames={"#v": "Value"},
        ExpressionAttributeValues={":damage": {"N": "9"}},
    )
    unread = envctl(*make("Service/Search", "description=y"))
    assert "cannot be read back from the tables" in unread.err
    assert "description  9 → x" in told.types(unread.err, "plan").out


@pytest.mark.slow
@pytest.mark.tells("controller/engine/state/override_commit.py", "override list")
def test_of_two_of_one_id_the_second_is_told_to_look(
    described: Fleet, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    monkeypatch.setattr(overrides, "new_run_id", lambda now: f"{new_run_id(now)[:-8]}THESAME1")
    assert envctl(*make("Search", "description=first")).code == 0

    second = envctl(*make("Search", "description=second"))

    assert second.code != 0
    assert (
        "THESAME1  Service/Search  description=first" in told.types(second.err, "override list").out
    )
