"""What is to be otherwise for a while is a row with a reason and an end; plan and apply lay it over what Git says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.engine.state.override_rows import row_of_override
from controller.model.override import Override
from controller.model.ref import ResourceRef
from tests.support.command_line import Fleet, envctl, installation, service

NOW = datetime.now(UTC)
SEARCH = ResourceRef("Service", "Search")


def _override(**different: Any) -> Override:
    return Override(
        **{
            "id": "o1",
            "ref": SEARCH,
            "reason": "release night",
            "actor": "ada",
            "since": NOW - timedelta(hours=1),
            "path": "description",
            "value": "closed tonight",
            "until": NOW + timedelta(hours=1),
            **different,
        }
    )


def _put(override: Override) -> None:
    store = installation().master.store
    store.write(PutWrite("EnvctlState", to_wire(row_of_override(override))))


def _description() -> str | None:
    item = installation().master.store.get("InfraConfigServices", {"ServiceName": "Search"})
    assert item is not None
    description: str | None = item["Value"].get("Description")
    return description


@pytest.fixture
def described(installed: Fleet) -> Fleet:
    installed.has({"search.yaml": service("Search", 40000, description="finds things")})
    assert installed.apply().code == 0
    return installed


def test_its_value_is_applied_and_stays_until_it_ends(described: Fleet) -> None:
    _put(_override())

    planned = described.plan("--format", "json")
    applied = described.apply()

    (change,) = planned.json["scopes"][0]["changes"]
    assert change["cause"] == "overridden"
    assert change["fields"] == [
        {"path": "description", "before": "finds things", "after": "closed tonight"}
    ]
    assert applied.code == 0
    assert _description() == "closed tonight"
    settled = described.plan()
    assert settled.code == 0
    assert "override   Service Search  description=closed tonight until " in settled.out
    assert "UTC (ada: release night)" in settled.out


def test_when_its_time_is_up_git_holds_again(described: Fleet) -> None:
    _put(_override())
    described.apply()
    _put(_override(until=NOW - timedelta(seconds=1)))

    assert described.apply().code == 0
    assert _description() == "finds things"


def test_until_git_it_ends_with_the_next_edit_of_the_document(described: Fleet) -> None:
    _put(_override(until=None, until_git=True, base_digest="of another document"))

    assert described.plan().code == 0


def test_without_a_value_the_object_is_left_as_it_is(described: Fleet) -> None:
    _put(_override(path=""))
    _put(_override(path="", id="o2"))
    described.has({"search.yaml": service("Search", 40000, description="finds more")})

    planned = described.plan()

    assert planned.code == 0
    assert "suspended" in planned.out


def test_a_value_the_kind_does_not_allow_is_refused_and_names_the_override(
    described: Fleet,
) -> None:
    _put(_override(path="owningCluster", value="Nobody"))

    refused = described.plan()

    assert refused.code == 1
    assert "no Cluster named 'Nobody'" in refused.err
    assert "an override of ada puts 'Nobody' here (release night)" in refused.err
    assert "release override o1" in refused.err


def test_it_goes_along_in_the_file_of_what_was_seen(described: Fleet) -> None:
    _put(_override())
    seen = described.folder.parent / "seen.json"
    with_aws = described.plan("--save-observed", seen)

    assert described.plan("--observed", seen).out == with_aws.out


def test_a_damaged_row_holds_its_object_rather_than_being_forgotten(described: Fleet) -> None:
    row = {"Id": "override#o1", "Ref": "Service/Search"}
    installation().master.store.write(PutWrite("EnvctlState", to_wire(row)))

    planned = described.plan()

    assert planned.code == 0
    assert "Service Search  left as it is until it is released" in planned.out
    assert "row 'override#o1' of EnvctlState is damaged" in planned.out


def test_a_damaged_row_that_names_no_object_stops_everything(described: Fleet) -> None:
    installation().master.store.write(PutWrite("EnvctlState", to_wire({"Id": "override#o1"})))

    refused = described.plan()

    assert refused.code == 7
    assert "row 'override#o1' of EnvctlState is damaged" in refused.err


def test_a_row_of_others_fakes_no_line(described: Fleet) -> None:
    _put(_override(actor="carl\n\x1b[2Jroot", reason="x\nApproved by ada"))

    for told in (envctl("override", "list"), described.plan(), envctl("status")):
        assert "carl\\n\\x1b[2Jroot" in told.out
        assert not [line for line in told.out.splitlines() if line.startswith("Approved")]
