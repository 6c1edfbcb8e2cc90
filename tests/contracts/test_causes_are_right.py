"""A change is laid to who made it: what is changed outside has drifted, what the documents change is edited, and both are told.

Of groups and their scaling schedules, in every power state, with and without an override. Power has causes of its own: what it
switches is the clock's, an edit's or an override's, as the schedules known before say.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.decisions import tag_keys as our
from controller.decisions.tag_keys import written_keys
from controller.kinds.parts.server_role import ScalingSchedule
from controller.model.accepted import AcceptedState
from controller.model.canonical import canonical_bytes, digest, digest_of, parse_canonical
from controller.model.live import FoundGroup, LiveLook, Member
from controller.model.observed import Mark, Observation, ObservedState, Ownership, ScopeState
from controller.model.override import Override
from controller.model.plan import Cause
from controller.model.ref import ResourceRef
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
from controller.targets.group_parts.names import schedules_ref
from controller.targets.group_parts.schedule_acts import actions_digest, wanted_actions
from controller.targets.group_parts.wanted import Findings, deep_attributes
from controller.targets.groups import TARGET as GROUPS
from controller.targets.scaling_schedules import TARGET as SCHEDULES
from tests.support.causes import cause_in
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
            "activities": {},
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


def projected_of(
    group: FoundGroup, deep: dict[str, Any], outside: set[str]
) -> tuple[LiveLook, ObservedState]:
    """Return a look at the group as somebody outside made it, and what the target observes of it."""
    ids = {member.instance_id for member in group.members}
    seen = seen_of(group, KEYS, ids)
    attributes = changed({**light_attributes(group, KEYS, seen), **deep}, outside)
    found = observation(group, SCOPE, INSTALLATION, attributes)
    facts = {"deep": False, "groups": {WEB: seen}, "known": Answers()}
    observed = ObservedState(SCOPE.name, ScopeState.OK, {found.ref: found}, facts=facts)
    return LiveLook(SCOPE, NOW, {WEB: group}), observed


def marks_after(
    state: AcceptedState, group: FoundGroup, deep: dict[str, Any], outside: set[str]
) -> dict[str, str]:
    """Return the marks that are put on the group when what was changed outside is healed."""
    projected = GROUPS.project(state, *projected_of(group, deep, outside), NOW)
    (made,) = projected.projections.values()
    marks: dict[str, str] = parse_canonical(made.extra)["marks"]
    return marks


def observed_schedules(group: FoundGroup, actions: Mapping[str, Any]) -> ObservedState:
    """Return what the target observes of a group of ours that has these scheduled actions."""
    data, ref = canonical_bytes({"actions": actions}), schedules_ref(SCOPE.name, WEB)
    mark = Mark("", group.tag(our.SCALING_SCHEDULES) or "", "", "", 0, digest(data), {})
    found = Observation(ref, data, digest(data), mark, Ownership.OURS, data)
    facts = {"groups": [WEB], "others": [], "deep": True}
    return ObservedState(SCOPE.name, ScopeState.OK, {ref: found}, facts=facts)


def caused(
    state: AcceptedState, group: FoundGroup, deep: dict[str, Any], outside: set[str]
) -> tuple[Cause, str] | None:
    """Return why the group changes; None where it does not."""
    return cause_in(GROUPS, state, *projected_of(group, deep, outside))


def visible(fields: set[str], power: Power) -> set[str]:
    """Return the fields that count in a power state: sizes do where they are the documents' to say, the maximum always."""
    return {name for name in fields if power.owned or name not in ("minSize", "desiredCapacity")}


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
        # Marks of versions before say nothing of the sizes of a group that was off.
        if by_fields or power.owned or shown != {"maxSize"}:
            assert cause[0] is Cause.EDITED
        if by_fields:
            said = cause[1].partition("also changed outside envctl: ")[2]
            assert others <= set(said.partition(";")[0].split(", "))
            assert bool(others) == bool(said)


STANDING_BY = Power("on", False, ("InService", "Standby"), (1, 1, 4))


@pytest.mark.parametrize("name", sorted(OUTSIDE))
def test_of_a_group_of_which_somebody_put_a_member_into_standby(name: str) -> None:
    state = accepted(*documents_of("on", overridden=False))
    group, deep = applied(state, STANDING_BY, by_fields=True)
    assert caused(state, group, deep, set()) is None
    cause = caused(state, group, deep, {name})
    assert cause is not None
    assert cause[0] is Cause.DRIFTED


def test_sizes_edited_while_a_group_was_off_are_an_edit_when_it_is_on() -> None:
    """Whatever was written on the group in between."""
    documents, _ = documents_of("off", overridden=False)
    group, deep = applied(accepted(documents, ()), POWER["off"], by_fields=True)
    sized(desiredCapacity=3)(documents)
    state = accepted(documents, ())
    healed = dict(group.tags) | marks_after(state, group, deep, {"tags.Role"})
    documents["Environment", "c50"]["schedule"] = "on"
    then = replace(group, tags=tuple(healed.items()))

    assert caused(accepted(documents, ()), then, deep, set()) == (Cause.EDITED, "")
    outside = caused(accepted(documents, ()), then, deep, {"minSize"})
    assert outside == (Cause.EDITED, "also changed outside envctl: minSize")


def test_a_group_made_without_instances_gets_its_sizes_by_its_documents() -> None:
    documents, _ = documents_of("off", overridden=False)
    empty = ObservedState(SCOPE.name, ScopeState.OK, {}, facts={"known": Answers()})
    look = LiveLook(SCOPE, NOW, {})
    (made,) = GROUPS.project(accepted(documents, ()), look, empty, NOW).projections.values()
    group, deep = applied(accepted(documents, ()), POWER["parked"], by_fields=True)
    tags = dict(group.tags) | {our.DIGEST: parse_canonical(made.extra)["marks"][our.DIGEST]}
    del tags[our.PARKED]
    group = replace(group, tags=tuple(tags.items()), members=())
    documents["Environment", "c50"]["schedule"] = "on"

    assert caused(accepted(documents, ()), group, deep, set()) == (Cause.EDITED, "")


NIGHTS = {"recurrence": "0 22 * * *", "desiredCapacity": 4}
MORNINGS = {"recurrence": "0 5 * * *", "desiredCapacity": 1}
ACTIONS, OTHERS = (
    wanted_actions([ScalingSchedule.model_validate(made)]) for made in (NIGHTS, MORNINGS)
)


@pytest.mark.parametrize("schedule", ["on", "off"])
@pytest.mark.parametrize("parked", [True, False])
@pytest.mark.parametrize(
    ("marked", "found", "expected"),
    [
        (ACTIONS, ACTIONS, None),
        (ACTIONS, {}, (Cause.DRIFTED, "changed outside envctl")),
        (ACTIONS, OTHERS, (Cause.DRIFTED, "changed outside envctl")),
        (OTHERS, OTHERS, (Cause.EDITED, "")),
        (OTHERS, {}, (Cause.EDITED, "also changed outside envctl")),
        (None, ACTIONS, (Cause.DRIFTED, "marks lost")),
    ],
)
def test_of_scaling_schedules(
    schedule: str, parked: bool, marked: Any, found: Any, expected: tuple[Cause, str] | None
) -> None:
    documents, _ = documents_of(schedule, overridden=False)
    role(scalingSchedules=[NIGHTS])(documents)
    state = accepted(documents, ())
    group, _ = applied(state, POWER["parked" if parked else "on"], by_fields=True)
    mark = {} if marked is None else {our.SCALING_SCHEDULES: actions_digest(marked)}
    group = replace(group, tags=(*group.tags, *mark.items()))
    look = LiveLook(SCOPE, NOW, {WEB: group})
    observed = observed_schedules(group, found)

    assert cause_in(SCHEDULES, state, look, observed) == expected
