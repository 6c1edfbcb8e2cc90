"""The marks that say, field by field, what the documents gave when a group was last applied, and what is told by them.

A field that the documents give as then, but that is found otherwise, was changed outside; one that they give otherwise was
edited. What is left to schedules for a while is in the mark all the same, so neither answer depends on whether a group is on.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from controller.decisions import tag_keys as our
from controller.model.canonical import digest_of
from controller.scheduling.group_sizes import (
    STANDING_BY,
    GroupMember,
    GroupPower,
    GroupSizes,
    group_sizes,
)
from controller.scheduling.schedule import State
from controller.targets.group_parts.found import (
    DEEP,
    SIZE_FIELDS,
    SIZES,
    Attributes,
    FoundAttributes,
    ImageMark,
    deep_digest,
    is_deep,
)
from controller.targets.group_parts.role_design import DATA_DEVICE, OS_DEVICE, GroupDesign

LIGHT: Final = (*SIZES, "subnets", "rollout", *(f"tags.{usual}" for usual in our.TAGS))
"""What the documents give of that which every look shows; tags by their usual keys."""
NOT_GIVEN: Final = "-"
"""Stands in a mark for what the documents left to others."""
UNKNOWN: Final = "x"
"""Stands in a mark for what has never been applied, or was before there were marks by field."""
_DIGITS: Final = 8

Parts = Mapping[str, str]
"""Field -> the first digits of its value's digest."""


class ToldApart(NamedTuple):
    """Fields that are to change, by who made them differ; one that both did is in both."""

    edited: tuple[str, ...]
    drifted: tuple[str, ...]


def told_apart(changed: Iterable[str], applied: Parts, given: Parts, found: Parts) -> ToldApart:
    """Say of each field that is to change whether it was edited, changed outside, or both.

    ``applied`` is what the marks say, ``given`` what the documents give now, ``found`` what was found.
    """
    edited, drifted = list[str](), list[str]()
    for name in changed:
        then = applied.get(name, NOT_GIVEN)
        is_edited = then != given.get(name, NOT_GIVEN)
        if is_edited:
            edited.append(name)
        # What was left to others, or never applied, says nothing of what was found.
        if not is_edited or then not in (NOT_GIVEN, UNKNOWN, found.get(name, NOT_GIVEN)):
            drifted.append(name)
    return ToldApart(tuple(edited), tuple(drifted))


def changed_fields(before: Attributes, after: Attributes, keys: Mapping[str, str]) -> list[str]:
    """Return the names of the fields in which two states of a group differ; ``keys`` of tags by usual key."""
    tags = before["tags"], after["tags"]
    return [
        *(name for name in after if name != "tags" and before.get(name) != after[name]),
        *(f"tags.{usual}" for usual, key in keys.items() if tags[0].get(key) != tags[1].get(key)),
    ]


def given_parts(design: GroupDesign, keys: Mapping[str, str]) -> Parts:
    """Return what the documents give of that which every look shows, whether a group is on or off."""
    return _light_parts({**_given_sizes(design), **_given_besides(design, keys)}, keys)


def _given_besides(design: GroupDesign, keys: Mapping[str, str]) -> dict[str, Any]:
    tags = dict(design.tags)
    if design.schedule_tag is not None and "Schedule" in keys:
        tags[keys["Schedule"]] = design.schedule_tag
    return {"subnets": sorted(design.subnets), "rollout": design.rollout, "tags": tags}


def _given_sizes(design: GroupDesign) -> dict[str, int]:
    sizes = design.sizes
    given = dict(zip(SIZES, (sizes.minimum, sizes.desired, sizes.maximum), strict=True))
    if sizes.desired_is_external:
        del given["desiredCapacity"]
    by_schedules = {
        name
        for name, field in SIZE_FIELDS.items()
        if any(getattr(schedule, field) is not None for schedule in design.scaling_schedules)
    }
    return {name: size for name, size in given.items() if name not in by_schedules}


def parts_of(attributes: Attributes, keys: Mapping[str, str]) -> Parts:
    """Return the parts of a group's attributes, those of a closer look where it was taken."""
    return {**_light_parts(attributes, keys), **deep_parts(attributes)}


def _light_parts(values: Mapping[str, Any], keys: Mapping[str, str]) -> Parts:
    tags = values["tags"]
    found = {name: values[name] for name in (*SIZES, "subnets", "rollout") if name in values}
    found |= {f"tags.{usual}": [key, tags[key]] for usual, key in keys.items() if key in tags}
    return {name: _part(value) for name, value in found.items()}


def deep_parts(attributes: Attributes) -> Parts:
    """Return the parts of what only a closer look shows; none where it was not taken."""
    if not is_deep(attributes):
        return {}
    # Of security groups a light look knows the names alone.
    named = {**attributes, "securityGroups": sorted(attributes["securityGroups"])}
    return {name: _part(named[name]) for name in DEEP}


def _part(value: object) -> str:
    return digest_of(value)[:_DIGITS]


def deep_mark(attributes: Attributes) -> str:
    """Return the mark of what only a closer look shows: a digest of all of it, then its parts."""
    return f"{deep_digest(attributes)} {_written(deep_parts(attributes), DEEP)}"


def _written(parts: Parts, fields: Iterable[str]) -> str:
    return ".".join(parts.get(name, NOT_GIVEN) for name in fields)


def applied_parts(
    design: GroupDesign,
    seen: FoundAttributes,
    given: Parts,
    keys: Mapping[str, str],
    *,
    same_wish: bool,
) -> Parts:
    """Return what the marks say was given when a group was last applied.

    ``given`` is what is given now: what the marks of versions before, which are one digest of all, say where they fit it. Of
    what only a closer look shows ``same_wish`` says whether they do.
    """
    light, deep = seen["digest"].split("."), seen["deep"].partition(" ")[2].split(".")
    found = dict.fromkeys((*LIGHT, *DEEP), UNKNOWN)
    if len(light) == len(LIGHT):
        found |= zip(LIGHT, light, strict=True)
    elif seen["digest"] in _digests_before(design, seen, keys):
        found |= {name: given.get(name, NOT_GIVEN) for name in LIGHT}
    if len(deep) == len(DEEP):
        found |= zip(DEEP, deep, strict=True)
    elif same_wish:
        found |= {name: given.get(name, NOT_GIVEN) for name in DEEP}
    return found


def _digests_before(
    design: GroupDesign, seen: FoundAttributes, keys: Mapping[str, str]
) -> frozenset[str]:
    """Return the marks that versions before wrote for these documents: of the sizes that were theirs to say at that moment."""
    rest, given, of = _given_besides(design, keys), _given_sizes(design), design.sizes
    made = (
        GroupSizes(of.minimum, of.desired, of.maximum),
        group_sizes(of, GroupPower(State.OFF), ()),
    )
    forms = [{}, *map(_by_name, made)]
    now = sum(lifecycle in STANDING_BY for lifecycle in seen["lifecycles"])
    for count in {0, now}:
        standing_by = [GroupMember("Standby", State.ON)] * count
        sizes = _by_name(group_sizes(of, GroupPower(State.ON), standing_by))
        forms.append({name: size for name, size in sizes.items() if name in given})
    return frozenset(digest_of({**rest, **form})[:32] for form in forms)


def _by_name(sizes: GroupSizes) -> dict[str, int]:
    found = zip(SIZES, sizes, strict=True)
    return {name: size for name, size in found if size is not None}


def marks_of(
    design: GroupDesign,
    attributes: Attributes,
    kept: Mapping[str, str],
    keys: Mapping[str, str],
    *,
    waits: bool,
) -> dict[str, str]:
    """Return the marks that go on a group with these attributes, by key.

    ``kept`` are parts of fields that are not applied now, as they were before. Where what lacks in the account ``waits``,
    what only a closer look shows is not applied, and its mark stays.
    """
    parts = {**given_parts(design, keys), **kept}
    marks = {our.DIGEST: _written(parts, LIGHT)}
    if is_deep(attributes) and not waits:
        root = next(
            (one for one in attributes["volumes"] if one not in (OS_DEVICE, DATA_DEVICE)), ""
        )
        image = ImageMark(attributes["ami"], attributes["imageId"], attributes["platform"], root)
        marks |= {our.DEEP: deep_mark(attributes), our.IMAGE: str(image)}
    return marks
