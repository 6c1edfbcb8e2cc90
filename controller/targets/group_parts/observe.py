"""What there is of groups in a scope: from the look, and from closer looks where they are taken.

A closer look reads what a light one does not show: templates, hooks, notifications. It is counted apart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from controller.aws.clients import place_of
from controller.aws.errors import NotFound, aws_errors
from controller.decisions.tag_keys import IMAGE, written_keys
from controller.errors import RefusedByAws
from controller.model.canonical import canonical_bytes, digest, parse_canonical
from controller.model.live import FoundGroup, LiveLook
from controller.model.observed import Observation, ObservedState, Ownership, ScopeState
from controller.model.ref import ResourceRef
from controller.ports import LiveReads
from controller.targets.group_parts.calls import chunks, filtered, pages
from controller.targets.group_parts.found import (
    Attributes,
    FoundAttributes,
    ImageMark,
    light_attributes,
    observation,
    seen_of,
)
from controller.targets.group_parts.images import FoundImage
from controller.targets.group_parts.launch_templates import attributes_of, security_groups_of
from controller.targets.group_parts.launched_from import version_data
from controller.targets.group_parts.names import (
    ACTIVITIES,
    GROUP_DETAILS,
    REFRESH,
    Known,
    ask,
    environment_in,
    group_ref,
    names_asked,
)
from controller.targets.group_parts.references import images_by_id, name_tag, read_references
from controller.targets.group_parts.refresh_mark import RefreshMark, refresh_preferences
from controller.targets.group_parts.rollouts import RUNNING
from controller.targets.group_parts.shortfall import read_activities

HOOK = "10min-draining"
"""Name of the draining hook, whatever its length (domain rule: other programs look for it)."""
CONFIGURATION_PAGE = 50
GROUP_NAMES = 50
"""Names of groups that are asked for at once: what AWS says of groups themselves, and of what they tell nothing."""
INVALID = "ValidationError"
NEWEST_REFRESHES = 10
"""Looked through for one of ours whose answer was lost."""
VERSIONS_PAGE = 200
TEMPLATES_AT_ONCE = 20
"""From so many groups on it is cheaper to list the latest version of every template than to ask for each."""


class Deep(NamedTuple):
    """What a closer look at a group gave."""

    attributes: Attributes
    image: FoundImage | None
    """The image its template names, where it is not the one the mark names and still exists."""
    mixed: bool = False
    """It has a mixed instances policy, of which only the template was read."""


def read_deep(groups: Iterable[FoundGroup], reads: LiveReads) -> dict[str, Deep]:
    """Return what a light look does not show, by group's name. Raises as any call."""
    wanted = {group.name: group for group in groups}
    if not wanted:
        return {}
    data = {**_templates(wanted.values(), reads), **_configurations(wanted.values(), reads)}
    names = _security_group_names(data.values(), reads)
    marks: dict[str, ImageMark] = {}
    unknown = set()
    for name, group in wanted.items():
        image_id = data.get(name, {}).get("ImageId")
        mark = ImageMark.parse(group.tag(IMAGE) or "")
        if mark is not None and mark.id == image_id:
            marks[name] = mark
        elif image_id:
            unknown.add(str(image_id))
    images = images_by_id(unknown, reads.client("ec2"))
    hooks = {name: _hook(name, reads) for name in wanted}
    # One that is gone since the look is not there to be looked at; the others are.
    wanted = {name: group for name, group in wanted.items() if hooks[name] is not None}
    notifications = _notifications(list(wanted), reads)
    found = {}
    for name, group in wanted.items():
        is_template = bool(group.template_id)
        attributes = attributes_of(data.get(name, {}), names, is_template=is_template)
        attributes["terminationDelay"] = hooks[name]
        attributes["notifications"] = notifications.get(name, {})
        image = images.get(attributes["imageId"])
        if name in marks:
            attributes |= {"ami": marks[name].wish, "platform": marks[name].platform}
        else:
            attributes["ami"] = image.name if image else attributes["imageId"]
            attributes["platform"] = image.platform if image else ""
        found[name] = Deep(attributes, image, group.mixed)
    return found


def _templates(groups: Iterable[FoundGroup], reads: LiveReads) -> dict[str, dict[str, Any]]:
    """Return the data of the template version each group points at; nothing for one that does not exist any more."""
    pointing = [group for group in groups if group.template_id]
    client = reads.client("ec2")
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    if len(pointing) >= TEMPLATES_AT_ONCE:
        for item in pages(
            client,
            "describe_launch_template_versions",
            "read launch templates",
            Versions=["$Latest"],
            PaginationConfig={"PageSize": VERSIONS_PAGE},
        ):
            version = str(item["VersionNumber"])
            latest[str(item["LaunchTemplateId"]), version] = item["LaunchTemplateData"]
    found = {}
    for group in pointing:
        data = latest.get((group.template_id, group.template_version))
        if data is None:
            data = version_data(client, group.template_id, group.template_version)
        if data is not None:
            found[group.name] = data
    return found


def _configurations(groups: Iterable[FoundGroup], reads: LiveReads) -> dict[str, dict[str, Any]]:
    by_configuration: dict[str, list[str]] = {}
    for group in groups:
        if group.launch_configuration and not group.template_id:
            by_configuration.setdefault(group.launch_configuration, []).append(group.name)
    return {
        name: item
        for part in chunks(sorted(by_configuration), CONFIGURATION_PAGE)
        for item in pages(
            reads.client("autoscaling"),
            "describe_launch_configurations",
            "read launch configurations",
            LaunchConfigurationNames=part,
        )
        for name in by_configuration[str(item["LaunchConfigurationName"])]
    }


def _security_group_names(data: Iterable[Mapping[str, Any]], reads: LiveReads) -> dict[str, str]:
    ids = sorted({group_id for found in data for group_id in security_groups_of(found)})
    what = "read security groups"
    return {
        str(item["GroupId"]): name_tag(item) or str(item["GroupId"])
        for item in filtered(reads.client("ec2"), "describe_security_groups", what, ids, "group-id")
    }


def _hook(group: str, reads: LiveReads) -> int | None:
    """Return the minutes of the draining hook; 0 if there is none, None where the group is not there any more."""
    client = reads.client("autoscaling")
    try:
        with aws_errors("groups: read lifecycle hooks", place_of(client)):
            answer = client.describe_lifecycle_hooks(
                AutoScalingGroupName=group, LifecycleHookNames=[HOOK]
            )
    except RefusedByAws as error:
        if isinstance(error, NotFound) or error.aws_code == INVALID:
            return None
        raise
    hooks = [
        hook for hook in answer.get("LifecycleHooks") or () if hook["LifecycleHookName"] == HOOK
    ]
    return int(hooks[0].get("HeartbeatTimeout") or 3600) // 60 if hooks else 0


def _notifications(groups: list[str], reads: LiveReads) -> dict[str, dict[str, list[str]]]:
    client = reads.client("autoscaling")
    found: dict[str, dict[str, list[str]]] = {}
    for part in chunks(groups, GROUP_NAMES):
        for item in pages(
            client,
            "describe_notification_configurations",
            "read notifications",
            AutoScalingGroupNames=part,
        ):
            topics = found.setdefault(str(item["AutoScalingGroupName"]), {})
            topics.setdefault(str(item["TopicARN"]), []).append(str(item["NotificationType"]))
    return {
        name: {arn: sorted(events) for arn, events in sorted(topics.items())}
        for name, topics in found.items()
    }


def observe_groups(look: LiveLook, reads: LiveReads, deep: bool) -> ObservedState:
    """Return every group of the look; with ``deep``, what it does not show of those that are, or could be, ours."""
    keys = written_keys(reads.options.tag_keys)
    objects: dict[ResourceRef, Observation] = {}
    groups: dict[str, FoundAttributes] = {}
    closer: list[FoundGroup] = []
    for name, group in look.groups.items():
        seen = groups[name] = seen_of(group, keys, look.instances)
        attributes = light_attributes(group, keys, seen)
        found = observation(group, look.scope, reads.installation, attributes)
        objects[found.ref] = found
        could_be = found.ownership is Ownership.UNMANAGED and environment_in(name)
        whole = not group.status and not group.mixed
        if deep and whole and (could_be or found.ownership is Ownership.OURS):
            closer.append(group)
    known = _look_closer(closer, look, objects, reads)
    facts: dict[str, Any] = {"deep": deep, "groups": groups, "known": known}
    return ObservedState(look.scope.name, ScopeState.OK, objects, facts=facts)


def _look_closer(
    groups: Iterable[FoundGroup],
    look: LiveLook,
    objects: dict[ResourceRef, Observation],
    reads: LiveReads,
) -> Known:
    known: Known = {}
    for name, deep in read_deep(groups, reads).items():
        known[ask(GROUP_DETAILS, name)] = {"image": list(deep.image) if deep.image else None}
        ref = group_ref(look.scope.name, name)
        found = objects[ref]
        data = canonical_bytes({**parse_canonical(found.attributes), **deep.attributes})
        mark = found.mark._replace(digest=digest(data)) if found.mark else None
        objects[ref] = found._replace(attributes=data, digest=digest(data), mark=mark, base=data)
    return known


def answer_groups(
    asks: frozenset[str], look: LiveLook, observed: ObservedState, reads: LiveReads
) -> ObservedState:
    """Return the state with what was asked for. Raises as any call."""
    objects = dict(observed.objects)
    closer = [look.groups[name] for name in names_asked(asks, GROUP_DETAILS) if name in look.groups]
    known = {
        **observed.facts.get("known", {}),
        **read_references(asks, reads),
        **_look_closer(closer, look, objects, reads),
        **{
            ask(REFRESH, name): _refresh(name, observed, reads)
            for name in names_asked(asks, REFRESH)
        },
        **{
            ask(ACTIVITIES, name): said
            for name, said in read_activities(names_asked(asks, ACTIVITIES), reads).items()
        },
    }
    facts = {**observed.facts, "known": known}
    return replace(observed, objects=objects, facts=facts)


def _refresh(name: str, observed: ObservedState, reads: LiveReads) -> dict[str, Any] | None:
    """Return how far the refresh has come that the group's mark is of; None if there is none, or AWS does not know it any more.

    While another runs in its place, that one's.
    """
    seen: FoundAttributes = observed.facts["groups"][name]
    mark = RefreshMark.parse(seen["refresh"])
    client = reads.client("autoscaling")
    asked = {"InstanceRefreshIds": [mark.id]} if mark.id else {"MaxRecords": NEWEST_REFRESHES}
    try:
        with aws_errors("groups: read an instance refresh", place_of(client)):
            answer = client.describe_instance_refreshes(AutoScalingGroupName=name, **asked)
    except RefusedByAws as error:
        # AWS keeps them for six weeks; whether it lists nothing then, or refuses the id, it does not say. Or the group is gone.
        if error.aws_code != INVALID:
            raise
        return None
    newest = next(iter(answer.get("InstanceRefreshes") or ()), None)
    found: Mapping[str, Any] | None = newest
    if newest is not None and not mark.id and newest["Status"] not in RUNNING:
        attributes = parse_canonical(observed.objects[group_ref(reads.scope.name, name)].attributes)
        preferences = refresh_preferences(attributes["rollout"])
        found = mark.found_in(answer["InstanceRefreshes"], preferences)
    if found is None:
        return None
    return {
        "status": str(found["Status"]),
        "percent": int(found.get("PercentageComplete") or 0),
        "reason": str(found.get("StatusReason") or ""),
    }
