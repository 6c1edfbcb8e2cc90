"""A published look is read back as it was written, and nothing else is taken for one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from controller.errors import WrongUsage
from controller.model.live import FoundGroup, FoundInstance, LiveLook, LiveScope, Member
from controller.model.observed import Observation, ObservedState, Ownership, ScopeState
from controller.model.ref import ResourceRef
from controller.planning.look_json import PublishedLook, look_schema, read_look, write_look

AT = datetime(2026, 11, 24, 10, 0, 1, 250_000, tzinfo=UTC)
SCOPE = LiveScope("acme/eu-west-1", "012345670123", "eu-west-1", "acme")
REF = ResourceRef("Group", "acme/eu-west-1/web")
GROUP = FoundGroup(
    name="web",
    arn="arn:web",
    minimum=1,
    desired=2,
    maximum=3,
    tags=(("Name", "web"), ("\u00fc", "")),
    propagated=frozenset({"Name"}),
    subnets=("subnet-1",),
    suspended=frozenset({"Terminate", "Launch"}),
    members=(Member("i-1", "InService", "a", "lt-1", "7", healthy=True),),
    created_at=AT,
)
INSTANCE = FoundInstance("i-1", "running", (("Name", "web"),), None, private_ip="10.0.0.1")


@dataclass(frozen=True)
class Kept:
    """What a target may keep beside what it found, and is no plain JSON."""

    at: datetime


def state(facts: Mapping[str, Any]) -> ObservedState:
    found = Observation(REF, b'{"a":1}', "d" * 64, None, Ownership.OURS, b"{}", (REF,))
    return ObservedState(SCOPE.name, ScopeState.OK, {REF: found}, facts=facts)


def live() -> PublishedLook:
    return PublishedLook(
        scope=SCOPE.name,
        at=AT,
        epoch=7,
        looks=12,
        installation="ours",
        live=LiveLook(SCOPE, AT, {"web": GROUP}, {"i-1": INSTANCE}),
        targets={"groups": state({"deep": False, "known": {"x": None}})},
    )


CONFIG = PublishedLook(
    scope="config", at=AT, epoch=0, installation="ours", config=state({"sequence": 3})
)


@pytest.mark.parametrize("look", [live(), CONFIG], ids=["live", "config"])
def test_what_was_written_is_read(look: PublishedLook) -> None:
    data = write_look(look)

    assert read_look(data, "x") == look
    assert write_look(look) == data
    Draft202012Validator.check_schema(look_schema())


def test_what_is_no_plain_json_is_left_out() -> None:
    facts = {"kept": Kept(AT), "at": AT, "deep": True}

    found = read_look(write_look(replace(live(), targets={"groups": state(facts)})), "x")

    assert found.targets["groups"].facts == {"deep": True}


def test_no_look_of_an_older_epoch_is_newer() -> None:
    later = replace(live(), epoch=6, at=AT.replace(year=2027))

    assert later.order < live().order < replace(live(), at=AT.replace(year=2027)).order


def test_no_look_that_began_earlier_by_count_is_newer() -> None:
    later = replace(live(), looks=11, at=AT.replace(year=2027))

    assert later.order < live().order


def test_a_look_without_a_count_is_read() -> None:
    value = orjson.loads(write_look(live()))
    del value["looks"]

    assert read_look(orjson.dumps(value), "x") == replace(live(), looks=0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lookFormat": 2}, "x: look format 2, this envctl reads 1"),
        ({"epoch": -1}, r"x: no look: \$\.epoch"),
        ({"at": "2026-11-24T10:00:01"}, "a moment in it is none"),
        ({"at": "yesterday"}, "a moment in it is none"),
        ({"live": {}}, r"x: no look: \$\.live"),
        ({"config": {}}, r"x: no look"),
    ],
)
def test_what_is_none_is_refused(change: dict[str, Any], says: str) -> None:
    value = {**orjson.loads(write_look(live())), **change}

    with pytest.raises(WrongUsage, match=says):
        read_look(orjson.dumps(value), "x")


def test_a_moment_of_an_instance_is_one() -> None:
    value = orjson.loads(write_look(live()))
    value["live"]["instances"]["i-1"]["launched_at"] = "in the morning"

    with pytest.raises(WrongUsage, match="a moment in it is none"):
        read_look(orjson.dumps(value), "x")


@pytest.mark.parametrize("data", [b"", b"no json", b"[]", b"7"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(WrongUsage, match=r"^x: "):
        read_look(data, "x")
