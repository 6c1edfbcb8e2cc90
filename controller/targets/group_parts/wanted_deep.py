"""What a group is to have of that which only a closer look shows: its image, its references, its hook and notifications."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.model.plan import Lack
from controller.targets.group_parts.found import Attributes, ImageMark
from controller.targets.group_parts.images import FoundImage, Trust, choose, form_of, version_of
from controller.targets.group_parts.names import (
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


@dataclass(slots=True)
class Findings:
    """What is gathered on the way: questions to ask, and what the account lacks."""

    known: Mapping[str, Any]
    asks: set[str] = field(default_factory=set)
    lacks: list[Lack] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What is worth saying but stands in nobody's way."""

    def answer(self, question: str) -> Any:
        """Return an answer; ABSENT_ANSWER where it has to be asked first, which is noted."""
        if question in self.known:
            return self.known[question]
        self.asks.add(question)
        return UNASKED

    def needs(self, question: str, lacking: Lack) -> None:
        """Note what lacks if a question was answered with nothing."""
        if not self.answer(question):
            self.lacks.append(lacking)


class _Unasked:
    def __bool__(self) -> bool:
        return True


UNASKED = _Unasked()
"""Stands for an answer that is not there yet; true, as nothing is concluded from it."""


def image_of(
    design: GroupDesign,
    mark: ImageMark | None,
    current: FoundImage | None,
    trust: Trust,
    findings: Findings,
    *,
    closely: bool,
) -> ImageMark | None:
    """Return the image a group is to have; None where it has to be asked for, or cannot be told.

    It is kept once it was chosen for a wish, be that by us or, in a group that is adopted, by others. A newer one of a
    type only counts at a closer look and with imagePolicy follow.
    """
    kept = mark if mark is not None and mark.wish == design.image else None
    if kept is None and current is not None and _is_meant(design.image, current):
        kept = ImageMark(design.image, current.id, current.platform)
    newest_counts = closely and form_of(design.image) == "type"
    if kept is not None and not newest_counts:
        return kept
    answer = findings.answer(ask(IMAGE, f"{trust}/{design.image}"))
    if answer is UNASKED:
        return None
    chosen = choose(design.image, [FoundImage(*image) for image in answer or ()], trust)
    if isinstance(chosen, Lack):
        if kept is None:
            findings.lacks.append(chosen)
        return kept
    if kept is None or (design.follows_image and not design.no_bulk_patch):
        if kept is None or kept.id != chosen.id:
            _check_root(design, chosen, findings)
        return ImageMark(design.image, chosen.id, chosen.platform)
    if kept.id != chosen.id:
        why = f"protected against {BULK_PATCH}" if design.follows_image else "imagePolicy: pin"
        findings.remarks.append(f"{chosen.name} is out; {kept.id} is kept ({why})")
    return kept


def _is_meant(wish: str, image: FoundImage) -> bool:
    parts = version_of(image.name)
    return wish in {image.id, image.name} or (parts is not None and parts[0] == wish)


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
    design: GroupDesign, image: ImageMark, found: Attributes | None, findings: Findings
) -> Attributes:
    """Return what only a closer look shows. What differs from what was found is asked for: it has to exist."""
    before: Attributes = found or {}
    groups = (
        *design.security_groups,
        *platform_security_groups(image.platform, secure=design.secure),
    )
    return {
        "ami": image.wish,
        "imageId": image.id,
        "platform": image.platform,
        "instanceType": design.instance_type,
        "keyPair": _referred(KEY_PAIR, design.key_pair, before.get("keyPair"), findings),
        "instanceProfile": _referred(
            PROFILE, design.profile, before.get("instanceProfile"), findings
        ),
        "securityGroups": _security_groups(
            design.vpc_id, groups, before.get("securityGroups") or {}, findings
        ),
        "volumes": {volume.device: str(volume) for volume in design.volumes},
        "userData": design.user_data,
        "detailedMonitoring": design.detailed_monitoring,
        "publicAddress": False,
        "terminationDelay": design.termination_delay,
        "notifications": _notifications(design, before.get("notifications") or {}, findings),
    }


def wished_deep(design: GroupDesign, image: ImageMark) -> Attributes:
    """Return the same without looking anything up, for a digest that leaves ids out."""
    groups = (
        *design.security_groups,
        *platform_security_groups(image.platform, secure=design.secure),
    )
    return {
        **deep_attributes(design, image, None, Findings({})),
        "securityGroups": dict.fromkeys(groups, ""),
    }


def subnets_exist(design: GroupDesign, found: Iterable[str] | None, findings: Findings) -> None:
    """Ask for subnets the group does not have yet."""
    for subnet in design.subnets:
        if found is None or subnet not in found:
            findings.needs(
                ask(SUBNET, subnet),
                Lack(
                    f"there is no subnet {subnet}",
                    "create it, or correct the subnets of the environment's type",
                ),
            )


_CREATE = {
    KEY_PAIR: "key pair",
    PROFILE: "instance profile",
}


def _referred(what: str, name: str, found: str | None, findings: Findings) -> str:
    if name and name != found:
        findings.needs(
            ask(what, name),
            Lack(f"there is no {_CREATE[what]} {name}", "create it in this account"),
        )
    return name


def _security_groups(
    vpc: str, names: Iterable[str], found: Mapping[str, str], findings: Findings
) -> dict[str, str]:
    result = {}
    for name in names:
        if name in found:
            result[name] = found[name]
            continue
        ids = findings.answer(ask(SECURITY_GROUP, f"{vpc}/{name}"))
        if ids is UNASKED:
            continue
        if not ids:
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


def _notifications(
    design: GroupDesign, found: Mapping[str, Any], findings: Findings
) -> dict[str, list[str]]:
    for arn in design.notifications:
        if arn not in found:
            findings.needs(ask(TOPIC, arn), Lack(f"there is no topic {arn}", "create it"))
    return {arn: list(events) for arn, events in design.notifications.items()}
