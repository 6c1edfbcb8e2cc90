"""A change is laid to who made it: what is changed outside has drifted, what the documents change is edited, and both are told.

Of every target with marks, in every power state of a group, with and without an override. Power has causes of its own: what it
switches is the clock's, an edit's or an override's, as the schedules known before say.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from controller.decisions import tag_keys as our
from controller.decisions.tag_keys import written_keys
from controller.model.accepted import AcceptedState
from controller.model.canonical import digest_of
from controller.model.live import FoundGroup, LiveLook, Member
from controller.model.observed import ObservedState, ScopeState
from controller.model.override import Override
from controller.model.plan import Cause
from controller.model.ref import ResourceRef
from controller.planning.diff import DiffOptions, diff
from controller.targets.group_parts.applied_fields import marks_of
from controller.targets.group_parts.designs import designs
from controller.targets.group_parts.found import (
    DEEP,
    SIZES,
    ImageMark,
    deep_digest,
    group_mark_id,
    light_attributes,
    observation,
    seen_of,
)
from controller.targets.group_parts.wanted import Findings, deep_attributes
from controller.targets.groups import TARGET as GROUPS
from tests.support.live_account import (
    ACCOUNT,
    FLEET,
    INSTALLATION,
    NOW,
    SCOPE,
    Documents,
    accepted_of,
)

WEB = "c50-ta-Web"
KEYS = written_keys({})
C50 = ResourceRef("Environment", "c50")


class Power(NamedTuple):
    """How a group stands: what its schedule says, whether it carries the mark of a parked one, its members."""

    schedule: str
    parked: bool
    lifecycles: tuple[str, ...]
    sizes: tuple[int, int, int]

    @property
    def owned(self) -> bool:
        """Whether sizes are the documents' to say."""
        return self.schedule == "on" and not self.parked


POWER = {
    "on": Power("on", False, ("InService",) * 2, (1, 2, 4)),
    "off": Power("off", False, ("InService",) * 2, (1, 2, 4)),
    "parking": Power("off", True, ("InService", "Standby"), (0, 1, 4)),
    "parked": Power("off", True, ("Standby",) * 2, (0, 0, 4)),
    "waking": Power("on", True, ("InService", "Standby"), (0, 1, 4)),
}


class Answers(dict[str, Any]):
    """Everything that is asked for is there."""

    def __contains__(self, question: object) -> bool:
        return True

    def __missing__(self, question: str) -> Any:
        what, _, name = question.partition("/")
        wish = name.rpartition("/")[2]
        return {
            "group": {"image": None},
            "image": [[f"ami-{wish}", wish, ACCOUNT, "", "Linux", True, "/dev/sda1", 8, "2026"]],
            "securityGroup": [f"sg-{wish}"],
            "refresh": None,
        }.get(what, True)

    def get(self, question: str, default: Any = None) -> Any:
        return self[question]


def role(**fields: Any) -> Callable[[Documents], None]:
    def change(documents: Documents) -> None:
        documents["DeploymentMap", "web"]["roles"][0].update(fields)

    return change


def sized(**fields: int) -> Callable[[Documents], None]:
    def change(documents: Documents) -> None:
        documents["DeploymentMap", "web"]["roles"][0]["autoScalingSettings"].update(fields)

    return change


def moved(documents: Documents) -> None:
    subnets = documents["EnvironmentType", "Staging"]["subnets"]
    subnets["PrivateApp"]["availabilityZoneA"] = "subnet-7a"


EDITS: Mapping[str, Callable[[Documents], None]] = {
    "minSize": sized(minCapacity=2),
    "desiredCapacity": sized(desiredCapacity=3),
    "maxSize": sized(maxCapacity=5),
    "subnets": moved,
    "rollout": role(rollout={"instanceRefresh": {"minHealthyPercent": 90}}),
    "tags.ContactEmail": role(contactEmailTag="web@acme.example"),
    "tags.Schedule": role(schedule="noschedule"),
    "ami": role(ami="web-1.5.0"),
    "instanceType": role(instanceType="m6i.xlarge"),
    "volumes": role(volumes=[{"name": "OS", "size": 80}]),
    "userData": role(puppetRole="web"),
    "terminationDelay": role(terminationDelay=5),
}
OUTSIDE: Mapping[str, Any] = {
    "minSize": 0,
    "desiredCapacity": 4,
    "maxSize": 6,
    "subnets": ["subnet-9"],
    "rollout": "instanceRefresh 50",
    **{f"tags.{usual}": "somebody's" for usual in KEYS if usual != "Schedule"},
    "template": "LaunchTemplate version 9",
    **dict.fromkeys(DEEP, "somebody's"),
    "securityGroups": {"sgOther": "sg-9"},
    "volumes": {"/dev/sda1": "9 GB gp2"},
    "notifications": {"arn:aws:sns:eu-west-1:012345670123:t": []},
    "detailedMonitoring": True,
    "publicAddress": True,
    "terminationDelay": 9,
}


def documents_of(schedule: str, overridden: bool) -> tuple[Documents, tuple[Override, ...]]:
    """Return the documents, with the override laid over them where the schedule is one's."""
    documents = copy.deepcopy(FLEET)
    documents["Environment", "c50"]["schedule"] = schedule
    until = NOW + timedelta(hours=1)
    override = Override("o1", C50, "night", "ada", NOW, "spec.schedule", schedule, until)
    return documents, (override,) if overridden else ()


def accepted(documents: Documents, overrides: tuple[Override, ...]) -> AcceptedState:
    return replace(accepted_of(documents), overrides=overrides)


def applied(state: AcceptedState, power: Power, *, by_fields: bool) -> tuple[FoundGroup, Any]:
    """Return a group as it is once the documents are applied, with what only a closer look shows."""
    design = designs(state, SCOPE).groups[WEB]
    image = ImageMark(design.image, "ami-1", "Linux")
    deep = deep_attributes(design, image, {}, Findings(Answers()))
    marks = {our.DIGEST: old_mark(state, power), our.DEEP: deep_digest(deep)}
    if by_fields:
        wanted = dict(zip(SIZES, (1, 2, 4), strict=True))
        known = {**wanted, "subnets": sorted(design.subnets), "rollout": "none"}
        marks = marks_of(design, {**known, "tags": design.tags, **deep}, {}, KEYS, waits=False)
    tags = {
        **design.tags,
        "Schedule": design.schedule_tag or "",
        **marks,
        our.ID: group_mark_id(INSTALLATION, SCOPE.name, WEB),
        our.IMAGE: str(image),
        our.TEMPLATE: "lt-1:1",
        our.ROLLOUT: "none",
        our.SCHEDULE: "",
        **({our.PARKED: "min=1 desired=2"} if power.parked else {}),
    }
    members = tuple(
        Member(f"i-{number}", lifecycle, "a", "lt-1", "1", healthy=True)
        for number, lifecycle in enumerate(power.lifecycles)
    )
    minimum, desired, maximum = power.sizes
    group = FoundGroup(
        name=WEB,
        arn="",
        minimum=minimum,
        desired=desired,
        maximum=maximum,
        tags=tuple(tags.items()),
        propagated=frozenset({*design.tags, "Schedule"}),
        subnets=design.subnets,
        suspended=frozenset(),
        members=members,
        template_id="lt-1",
        template_name="LaunchTemplate",
        template_version="1",
    )
    return group, deep


def old_mark(state: AcceptedState, power: Power) -> str:
    """Return the mark that versions before wrote: of the sizes that were the documents' to say at that moment."""
    design = designs(state, SCOPE).groups[WEB]
    owned = dict(zip(SIZES, power.sizes, strict=True)) if power.owned else {}
    rest = {"subnets": sorted(design.subnets), "rollout": "none", "tags": dict(design.tags)}
    return digest_of({**owned, **rest})[:32]


def changed(attributes: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    """Return a group's attributes as somebody outside made them."""
    after = {**attributes, "tags": dict(attributes["tags"])}
    for name in fields:
        if name.startswith("tags."):
            after["tags"][name.removeprefix("tags.")] = OUTSIDE[name]
        else:
            after[name] = OUTSIDE[name]
    return after


def caused(
    state: AcceptedState, group: FoundGroup, deep: dict[str, Any], outside: set[str]
) -> tuple[Cause, str] | None:
    """Return why the group changes, as a plan says it; None where it does not."""
    seen = seen_of(group, KEYS)
    attributes = changed({**light_attributes(group, KEYS, seen), **deep}, outside)
    found = observation(group, SCOPE, INSTALLATION, attributes)
    facts = {"deep": False, "groups": {WEB: seen}, "known": Answers()}
    observed = ObservedState(SCOPE.name, ScopeState.OK, {found.ref: found}, facts=facts)
    projected = GROUPS.project(state, LiveLook(SCOPE, NOW, {WEB: group}), observed, NOW)
    assert not projected.asks, projected.asks
    assert not projected.left, projected.notes
    result = diff(projected.projections, observed, DiffOptions(target="groups", now=NOW))
    if not result.changes:
        return None
    (change,) = result.changes
    shaping = projected.shapings[change.ref]
    because = change.because if shaping.because is None else shaping.because
    return shaping.cause or change.cause, because


def visible(fields: set[str], power: Power) -> set[str]:
    """Return the fields that count in a power state: sizes do where they are the documents' to say."""
    return {name for name in fields if power.owned or name not in SIZES}


@given(
    power=st.sampled_from(list(POWER.values())),
    overridden=st.booleans(),
    by_fields=st.booleans(),
    edits=st.sets(st.sampled_from(sorted(EDITS)), max_size=3),
    outside=st.sets(st.sampled_from(sorted(OUTSIDE)), max_size=3),
)
def test_of_groups(
    power: Power, overridden: bool, by_fields: bool, edits: set[str], outside: set[str]
) -> None:
    documents, overrides = documents_of(power.schedule, overridden)
    group, deep = applied(accepted(documents, overrides), power, by_fields=by_fields)
    for name in edits:
        EDITS[name](documents)
    now = accepted(documents, overrides)

    cause = caused(now, group, deep, visible(outside, power))

    shown, others = visible(edits, power), visible(outside, power)
    if not (shown or others):
        assert cause is None
    elif not shown:
        if by_fields or not edits:
            assert cause is not None
            assert cause[0] is Cause.DRIFTED
            assert cause[1].startswith("changed outside envctl")
    else:
        assert cause is not None
        assert cause[0] is Cause.EDITED
        if by_fields:
            said = cause[1].partition("also changed outside envctl: ")[2]
            assert others <= set(said.partition(";")[0].split(", "))
            assert bool(others) == bool(said)
