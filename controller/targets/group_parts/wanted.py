"""One group as it is to be, laid over what was found of it: sizes where they are ours to say, tags, image, references, hook, notifications."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from controller.model.plan import Lack
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
from controller.targets.group_parts.images import FoundImage, Trust, choose, form_of, version_of
from controller.targets.group_parts.names import (
    DENIED,
    GROUP_DETAILS,
    IMAGE,
    KEY_PAIR,
    PROFILE,
    SECURITY_GROUP,
    SUBNET,
    TOPIC,
    ask,
    platform_security_groups,
)
from controller.targets.group_parts.role_design import BULK_PATCH, OS_DEVICE, GroupDesign
from controller.targets.group_parts.wanted_sizes import Sizes, sizes_at_creation, sizes_now

UNASKED: Final = object()
"""Stands for an answer that is not there yet; true, as nothing is concluded from it."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds for all groups of a scope while it is planned."""

    now: datetime
    known: Mapping[str, Any]
    trust: Trust
    closely: bool
    """A closer look was taken."""
    keys: Mapping[str, str]
    """Keys of the tags that groups are given, by usual key."""

    @property
    def schedule_key(self) -> str:
        """Key of the Schedule tag; empty where there is none."""
        return self.keys.get("Schedule", "")


@dataclass(slots=True)
class Findings:
    """What is gathered on the way: questions to ask, and what the account lacks."""

    known: Mapping[str, Any]
    asks: set[str] = field(default_factory=set)
    lacks: list[Lack] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What is worth saying but stands in nobody's way."""

    def answer(self, question: str) -> Any:
        """Return an answer; UNASKED where it has to be asked first, which is noted."""
        if question in self.known:
            return self.known[question]
        self.asks.add(question)
        return UNASKED

    def needs(self, question: str, lacking: Lack) -> None:
        """Note what lacks if a question was answered with nothing."""
        if not self.answer(question):
            self.lacks.append(lacking)


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
    tags = _tags(design, None, None, about.schedule_key)
    light = _light(design, sizes_at_creation(design, about.now), tags, 0)
    _subnets_exist(design, (), findings)
    image = image_of(design, None, None, about, findings, closely=False)
    # Where there is no image yet, what else lacks is to be said at once, not one thing a day.
    deep = deep_attributes(design, image or ImageMark(design.image, "", "Linux"), {}, findings)
    attributes = light if image is None else {**light, **deep}
    return Wanted(attributes, _owned(design, frozenset(SIZES)), findings, same_wish=False)


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
    findings = Findings(about.known)
    sizes, owned = sizes_now(design, found, seen, about.now)
    tags = _tags(design, found["tags"], seen["schedule"], about.schedule_key)
    attributes = _light(design, sizes, tags, found["instancesBehind"])
    if managed or is_deep(found):
        # What is nobody's, and not being taken over, costs no calls.
        _subnets_exist(design, found["subnets"], findings)
    deep, same_wish, lost = _deep_of_present(design, found, seen, managed, about, findings)
    attributes |= deep
    if managed and findings.lacks:
        stays = ("subnets", "template", *(DEEP if is_deep(found) else ()))
        attributes |= {name: found[name] for name in stays}
        same_wish, lost = True, False
    return Wanted(attributes, _owned(design, owned), findings, same_wish, lost)


def _deep_of_present(
    design: GroupDesign,
    found: Attributes,
    seen: FoundAttributes,
    managed: bool,
    about: Circumstances,
    findings: Findings,
) -> tuple[Attributes, bool, bool]:
    """Return what only a closer look shows, where it was taken; then the ``same_wish`` and ``marks_lost`` of Wanted."""
    mark = ImageMark.parse(seen["image"])
    kept = mark if mark is not None and mark.wish == design.image else None
    applied = seen["deep"].partition(" ")[0]
    if not is_deep(found):
        same = kept is not None and wished_digest(design, kept) == applied
        if managed and not (same and found["template"] == AS_APPLIED):
            findings.asks.add(ask(GROUP_DETAILS, design.name))
        return {}, same, False
    answer = about.known.get(ask(GROUP_DETAILS, design.name)) or {}
    current = FoundImage(*answer["image"]) if answer.get("image") else None
    image = image_of(design, kept, current, about, findings, closely=about.closely)
    if image is None:
        return {}, False, False
    before = {name: found[name] for name in DEEP}
    deep = deep_attributes(design, image, before, findings)
    same = deep_digest(deep) == applied
    lost = managed and deep == before and not (same and str(image) == seen["image"])
    return deep, same, lost


def _light(design: GroupDesign, sizes: Sizes, tags: Mapping[str, str], behind: int) -> Attributes:
    return {
        **sizes,
        "subnets": sorted(design.subnets),
        "tags": tags,
        "template": AS_APPLIED,
        "rollout": design.rollout,
        "instancesBehind": behind,
    }


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


def image_of(
    design: GroupDesign,
    kept: ImageMark | None,
    current: FoundImage | None,
    about: Circumstances,
    findings: Findings,
    *,
    closely: bool,
) -> ImageMark | None:
    """Return the image a group is to have; None where it has to be asked for, or cannot be told.

    It is kept once it was chosen for a wish, be that by us or, in a group that is adopted, by others. A newer one of a
    type only counts at a closer look and with imagePolicy follow.
    """
    if kept is None and current is not None:
        parts = version_of(current.name)
        of_type = parts is not None and parts[0] == design.image
        if of_type or design.image in {current.id, current.name}:
            kept = ImageMark.of(design.image, current)
    newest_counts = closely and form_of(design.image) == "type"
    if kept is not None and not newest_counts:
        return kept
    answer = findings.answer(ask(IMAGE, f"{about.trust}/{design.image}"))
    if answer is UNASKED:
        return None
    images = [FoundImage(*image) for image in answer or ()]
    chosen = choose(design.image, images, about.trust, about.now)
    if isinstance(chosen, Lack):
        if kept is None:
            findings.lacks.append(chosen)
        return kept
    if kept is None or (design.follows_image and not design.no_bulk_patch):
        if kept is None or kept.id != chosen.id:
            _check_root(design, chosen, findings)
        return ImageMark.of(design.image, chosen)
    if kept.id != chosen.id:
        why = f"protected against {BULK_PATCH}" if design.follows_image else "imagePolicy: pin"
        findings.remarks.append(f"{chosen.name} is out; {kept.id} is kept ({why})")
    return kept


def _check_root(design: GroupDesign, image: FoundImage, findings: Findings) -> None:
    system = next((volume for volume in design.volumes if volume.device == OS_DEVICE), None)
    if system is not None and system.size < image.root_size:
        findings.lacks.append(
            Lack(
                f"the OS volume has {system.size} GB, image {image.name or image.id} needs {image.root_size}",
                "make it larger in the role's volumes",
            )
        )


def deep_attributes(
    design: GroupDesign, image: ImageMark, found: Attributes, findings: Findings
) -> Attributes:
    """Return what only a closer look shows. What differs from what was found is asked for: it has to exist."""
    for what, noun, name, there in (
        (KEY_PAIR, "key pair", design.key_pair, found.get("keyPair")),
        (PROFILE, "instance profile", design.profile, found.get("instanceProfile")),
    ):
        if name and name != there:
            lack = Lack(f"there is no {noun} {name}", "create it in this account")
            findings.needs(ask(what, name), lack)
    security_groups = _security_groups(design, image, found.get("securityGroups", {}), findings)
    for arn in design.notifications:
        if arn in found.get("notifications", {}):
            continue
        lack = Lack(f"there is no topic {arn}", "create it")
        findings.needs(ask(TOPIC, arn), lack)
        if findings.known.get(ask(TOPIC, arn)) == DENIED:
            told = f"topic {arn} may not be read, so it cannot be told whether it is there"
            fix = "allow sns:GetTopicAttributes in its own policy and in that of the role, or name a topic of this account"
            findings.lacks.append(Lack(told, fix))
    return {
        "ami": image.wish,
        "imageId": image.id,
        "platform": image.platform,
        "instanceType": design.instance_type,
        "keyPair": design.key_pair,
        "instanceProfile": design.profile,
        "securityGroups": security_groups,
        "volumes": design.disks(image.root),
        "userData": design.user_data_on(image.platform),
        "detailedMonitoring": design.detailed_monitoring,
        "publicAddress": False,
        "metadataTokens": design.metadata_tokens,
        "terminationDelay": design.termination_delay,
        "notifications": {arn: list(events) for arn, events in design.notifications.items()},
    }


def wished_digest(design: GroupDesign, image: ImageMark) -> str:
    """Return the digest of the same, which leaves ids out, without looking anything up."""
    return deep_digest(deep_attributes(design, image, {}, Findings({})))


def _subnets_exist(design: GroupDesign, found: Iterable[str], findings: Findings) -> None:
    """Ask for subnets the group does not have yet."""
    for subnet in design.subnets:
        if subnet not in found:
            fix = "create it, or correct the subnets of the environment's type"
            findings.needs(ask(SUBNET, subnet), Lack(f"there is no subnet {subnet}", fix))


def _security_groups(
    design: GroupDesign, image: ImageMark, found: Mapping[str, str], findings: Findings
) -> dict[str, str]:
    """Return name -> id; an id that has to be asked for first is empty."""
    result, vpc = {}, design.vpc_id
    of_platform = platform_security_groups(image.platform, secure=design.secure)
    for name in (*design.security_groups, *of_platform):
        if name in found:
            result[name] = found[name]
            continue
        ids = findings.answer(ask(SECURITY_GROUP, f"{vpc}/{name}"))
        if ids is UNASKED:
            result[name] = ""
        elif not ids:
            findings.lacks.append(
                Lack(f"there is no security group with the Name tag {name} in {vpc}", "create it")
            )
        elif len(ids) > 1:
            findings.lacks.append(
                Lack(
                    f"{len(ids)} security groups in {vpc} have the Name tag {name} ({', '.join(ids)})",
                    "rename all but one",
                )
            )
        else:
            result[name] = ids[0]
    return dict(sorted(result.items()))
