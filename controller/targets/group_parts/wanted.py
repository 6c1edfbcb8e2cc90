"""One group as it is to be, laid over what was found of it; its sizes where they are ours to say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from controller.scheduling.decision import decide
from controller.scheduling.facts import EnvironmentFacts, GroupFacts, InstanceFacts, RoleFacts
from controller.scheduling.group_sizes import GroupMember, GroupPower, group_sizes
from controller.scheduling.schedule import State
from controller.targets.group_parts.found import (
    AS_APPLIED,
    DEEP,
    SCHEDULE_TAG,
    SIZES,
    Attributes,
    FoundAttributes,
    ImageMark,
    deep_digest,
    is_deep,
)
from controller.targets.group_parts.images import FoundImage, Trust
from controller.targets.group_parts.names import GROUP_DETAILS, ask
from controller.targets.group_parts.role_design import GroupDesign
from controller.targets.group_parts.wanted_deep import (
    Findings,
    deep_attributes,
    image_of,
    subnets_exist,
    wished_deep,
)

Sizes = dict[str, int]

_BY_SCHEDULES = ("min_capacity", "desired_capacity", "max_capacity")


def wanted_state(design: GroupDesign, now: datetime) -> State:
    """Return what the schedules want of a group's instances as such, tags and overrides of single ones left aside."""
    decision = decide(
        InstanceFacts(instance_id=design.name, state="running"),
        GroupFacts(design.name, lifecycle="InService"),
        EnvironmentFacts(design.environment, design.power.environment),
        now.astimezone(UTC),
        role=RoleFacts(design.role, design.power.role, design.sizes.when_off),
    )
    return decision.wanted


def sizes_at_creation(design: GroupDesign, now: datetime) -> Sizes:
    """Return the sizes of a new group. One that its schedule wants off begins without instances."""
    sizes = group_sizes(design.sizes, GroupPower(wanted_state(design, now)), ())
    desired = design.sizes.desired if sizes.desired is None else sizes.desired
    return dict(zip(SIZES, (sizes.minimum, desired, sizes.maximum), strict=True))


def sizes_now(
    design: GroupDesign, found: Mapping[str, Any], seen: FoundAttributes, now: datetime
) -> tuple[Sizes, frozenset[str]]:
    """Return the sizes a group that exists is to have, and those of them that are ours to say.

    While it is parked, or about to be, they are left to the schedules; what its scaling schedules set is left to those.
    """
    as_found = {name: int(found[name]) for name in SIZES}
    state = wanted_state(design, now)
    off = state is State.OFF and design.sizes.when_off != "ignore"
    if seen["parked"] or off:
        return as_found, frozenset()
    members = [GroupMember(lifecycle, State.ON) for lifecycle in seen["lifecycles"]]
    sizes = group_sizes(design.sizes, GroupPower(state), members)
    wanted = dict(zip(SIZES, sizes, strict=True))
    owned = {name for name, size in wanted.items() if size is not None}
    for name, attribute in zip(SIZES, _BY_SCHEDULES, strict=True):
        if any(
            getattr(scaling_schedule, attribute) is not None
            for scaling_schedule in design.scaling_schedules
        ):
            owned.discard(name)
    result = {name: wanted[name] if name in owned else as_found[name] for name in SIZES}
    low, high = result["minSize"] or 0, result["maxSize"] or 0
    if "desiredCapacity" not in owned:
        # AWS moves it into new bounds by itself.
        result["desiredCapacity"] = min(max(result["desiredCapacity"] or 0, low), high)
    return {name: int(size or 0) for name, size in result.items()}, frozenset(owned)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds for all groups of a scope while it is planned."""

    now: datetime
    known: Mapping[str, Any]
    trust: Trust
    closely: bool
    """A closer look was taken."""
    schedule_key: str
    """Key of the Schedule tag; empty where there is none."""


class Wanted(NamedTuple):
    """What a group is to be. ``attributes`` are only to be used if nothing is asked for and nothing lacks."""

    attributes: Attributes
    owned: tuple[str, ...]
    findings: Findings
    same_wish: bool
    """What only a closer look shows is wanted as last applied, as far as the marks tell."""
    marks_lost: bool = False
    """All that a closer look shows is as wanted, but the marks do not say so."""


def new_group(design: GroupDesign, about: Circumstances) -> Wanted:
    """Return what a group that does not exist is to be."""
    findings = Findings(about.known)
    light = {
        **sizes_at_creation(design, about.now),
        "subnets": sorted(design.subnets),
        "tags": _tags(design, None, None, about.schedule_key),
        "template": AS_APPLIED,
        "rollout": design.rollout,
        "instancesBehind": 0,
    }
    subnets_exist(design, None, findings)
    image = image_of(design, None, None, about.trust, findings, closely=False)
    deep = {} if image is None else deep_attributes(design, image, None, findings)
    if image is None:
        # What else lacks is to be said at once, not one thing a day.
        wished = ImageMark(design.image, "", "Linux")
        deep_attributes(design, wished, None, findings)
    owned = frozenset(SIZES)
    return Wanted({**light, **deep}, _owned(design, owned), findings, same_wish=False)


def present_group(
    design: GroupDesign,
    found: Attributes,
    seen: FoundAttributes,
    managed: bool,
    about: Circumstances,
) -> Wanted:
    """Return what a group that exists is to be.

    ``managed`` tells whether it is ours: then marks count, and what a light look does not show is asked for where they
    do not say that it is as wanted. While something lacks, what it is needed for stays as found; sizes and tags do not wait.
    """
    made = _present_group(design, found, seen, managed, about)
    if not (managed and made.findings.lacks):
        return made
    stays = ("subnets", "template", *(DEEP if is_deep(found) else ()))
    attributes = {**made.attributes, **{name: found[name] for name in stays}}
    return made._replace(attributes=attributes, same_wish=True, marks_lost=False)


def _present_group(
    design: GroupDesign,
    found: Attributes,
    seen: FoundAttributes,
    managed: bool,
    about: Circumstances,
) -> Wanted:
    findings = Findings(about.known)
    sizes, owned = sizes_now(design, found, seen, about.now)
    light: Attributes = {
        **sizes,
        "subnets": sorted(design.subnets),
        "tags": _tags(design, found["tags"], seen["schedule"], about.schedule_key),
        "template": AS_APPLIED,
        "rollout": design.rollout,
        "instancesBehind": found["instancesBehind"],
    }
    mark = ImageMark.parse(seen["image"])
    deep_found = {name: found[name] for name in DEEP} if is_deep(found) else None
    if deep_found is not None or managed:
        # What is nobody's, and not being taken over, costs no calls.
        subnets_exist(design, found["subnets"], findings)
    if deep_found is None:
        kept = mark if mark is not None and mark.wish == design.image else None
        same = kept is not None and deep_digest(wished_deep(design, kept)) == seen["deep"]
        pointed = found["template"] == AS_APPLIED
        if managed and not (same and pointed):
            findings.asks.add(ask(GROUP_DETAILS, design.name))
        return Wanted(light, _owned(design, owned), findings, same)
    image = image_of(
        design,
        mark,
        _current(about.known, design.name),
        about.trust,
        findings,
        closely=about.closely,
    )
    if image is None:
        return Wanted(light, _owned(design, owned), findings, same_wish=False)
    deep = deep_attributes(design, image, deep_found, findings)
    same = deep_digest(deep) == seen["deep"]
    lost = managed and deep == deep_found and not (same and str(image) == seen["image"])
    return Wanted({**light, **deep}, _owned(design, owned), findings, same, lost)


def _current(known: Mapping[str, Any], name: str) -> FoundImage | None:
    answer = known.get(ask(GROUP_DETAILS, name)) or {}
    image = answer.get("image")
    return FoundImage(*image) if image else None


def _tags(
    design: GroupDesign, found: Mapping[str, str] | None, mark: str | None, schedule_key: str
) -> dict[str, str]:
    """Return the tags a group is to have.

    A Schedule tag that the role does not give is left to people, but for one that an earlier state of the role gave.
    """
    wanted = dict(design.tags)
    if not schedule_key:
        return wanted
    if design.schedule_tag is not None:
        wanted[schedule_key] = design.schedule_tag
    elif found is None or found.get(schedule_key) == mark:
        wanted[schedule_key] = ""
    elif schedule_key in found:
        wanted[schedule_key] = found[schedule_key]
    return wanted


def _owned(design: GroupDesign, sizes: frozenset[str]) -> tuple[str, ...]:
    schedule = () if design.schedule_tag is None else (SCHEDULE_TAG,)
    return tuple(sorted((*sizes, *schedule)))
