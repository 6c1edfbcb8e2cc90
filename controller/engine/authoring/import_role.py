"""One group that exists against the one its documents would make: what its role has to say for both to be the same. Pure."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from controller.kinds.parts.server_role import ScalingSchedule
from controller.kinds.template import variables_in
from controller.loading.authoring.closer_facts import CloserLook
from controller.model.live import LiveScope
from controller.scheduling.meeting import ever_meet
from controller.targets.group_parts.images import form_of, version_of
from controller.targets.group_parts.names import platform_security_groups, topic_arn
from controller.targets.group_parts.observe import Deep
from controller.targets.group_parts.old_user_data import recognised
from controller.targets.group_parts.role_design import DATA_DEVICE, EVENTS, OS_DEVICE, GroupDesign
from controller.targets.group_parts.schedule_acts import (
    Action,
    is_replaceable,
    wanted_actions,
)

LONGEST_IMAGE: Final = 50
"""Characters of an image in a role."""

Json = Any
Odd = tuple[str, str, str]

_PLAIN: Final = "[A-Za-z0-9@._:,/+-]+"
_USER_DATA: Final = re.compile(
    rf"(?:ProjectCode=(?P<projectCodeTag>{_PLAIN})\n)?(?:RemovalDate=(?P<removalDateTag>{_PLAIN})\n)?"
    r"(?:PuppetRole=(?P<puppetRole>[a-zA-Z0-9_-]+)\n)?"
)
"""What the tags of a role can say."""
_VOLUME: Final = re.compile(r"(?P<size>[0-9]+) GB (?P<type>[a-z0-9]+)(?P<encrypted>, encrypted)?")
_VOLUMES: Final = {OS_DEVICE: "OS", DATA_DEVICE: "Data"}
_VOLUME_TYPES: Final = {"gp2": "SSD", "standard": "Disk"}
_ACTION_SIZES: Final = {
    "minSize": "minCapacity",
    "desiredCapacity": "desiredCapacity",
    "maxSize": "maxCapacity",
}
_PLATFORM_GROUPS: Final = frozenset(
    name
    for platform in ("Linux", "Windows")
    for secure in (True, False)
    for name in platform_security_groups(platform, secure=secure)
)


def closer_look(
    design: GroupDesign, scope: LiveScope, deep: Deep, actions: Mapping[str, Action]
) -> CloserLook:
    """Return what the group has otherwise than the design, as fields of its role. ``actions`` are its scheduled actions."""
    reading = _Reading(design, scope, deep.attributes, deep.image.root_device if deep.image else "")
    fields = dict(reading.fields(actions))
    text, platform = reading.user_data(fields)
    if deep.mixed:
        reading.unsaid.append("has a mixed instances policy, so it is left as it is")
    unsaid, odd = tuple(reading.unsaid), tuple(reading.odd)
    return CloserLook(
        design.environment, design.role, design.name, fields, text, unsaid, odd, platform
    )


class _Reading:
    """One group, field by field."""

    def __init__(
        self, design: GroupDesign, scope: LiveScope, found: Mapping[str, Json], root: str
    ) -> None:
        self._design, self._scope, self._found, self._root = design, scope, found, root
        self.unsaid: list[str] = []
        self.odd: list[Odd] = []

    def fields(self, actions: Mapping[str, Action]) -> Iterator[tuple[str, Json]]:
        """Yield (field, value) of what differs, but for user data."""
        design, found = self._design, self._found
        if found["imageId"]:
            yield from self._template()
        else:
            self.unsaid.append("has no launch template or launch configuration that could be read")
        if found["terminationDelay"] != design.termination_delay:
            yield "terminationDelay", found["terminationDelay"]
        yield from self._notifications()
        yield from self._scaling_schedules(actions)

    def _template(self) -> Iterator[tuple[str, Json]]:
        design, found = self._design, self._found
        yield from self._image()
        if found["instanceType"] != design.instance_type:
            yield "instanceType", found["instanceType"]
        for field, attribute, wanted, what in (
            ("clusterKeyName", "keyPair", design.key_pair, "key pair"),
            ("instanceProfileName", "instanceProfile", design.profile, "instance profile"),
        ):
            if found[attribute] and found[attribute] != wanted:
                yield field, found[attribute]
            elif found[attribute] != wanted:
                self.unsaid.append(f"has no {what} (by its role: {wanted})")
        yield from self._security_groups()
        yield from self._volumes()
        if found["metadataTokens"] != design.metadata_tokens:
            yield "metadataTokens", found["metadataTokens"]
        if found["detailedMonitoring"] != design.detailed_monitoring:
            word = "" if found["detailedMonitoring"] else "no "
            self.unsaid.append(f"has {word}detailed monitoring, which goes by the name of its type")
        if found["publicAddress"]:
            self.unsaid.append("gives its instances public addresses, which no role does")

    def _image(self) -> Iterator[tuple[str, Json]]:
        wish, name, image_id = self._design.image, self._found["ami"], self._found["imageId"]
        parts = version_of(name)
        if wish in (name, image_id) or (parts is not None and parts[0] == wish):
            return
        # A name without version would be taken for a type, which means its latest.
        yield "ami", name if form_of(name) == "version" and len(name) <= LONGEST_IMAGE else image_id

    def _security_groups(self) -> Iterator[tuple[str, Json]]:
        design, found = self._design, set(self._found["securityGroups"])
        own = sorted(found - _PLATFORM_GROUPS)
        platform = self._found["platform"] or "Linux"
        wanted = set(platform_security_groups(platform, secure=design.secure))
        unlike = [f"lacks {name}" for name in sorted(wanted - found)]
        unlike += [f"has {name}" for name in sorted(found & _PLATFORM_GROUPS - wanted)]
        if unlike:
            self.unsaid.append(f"{', '.join(unlike)}, by the convention for its platform and zone")
        if set(own) == set(design.security_groups):
            return
        if not own:
            wanted_names = ", ".join(design.security_groups)
            self.unsaid.append(f"has no security group of its role ({wanted_names})")
            return
        yield "securityGroups", own
        nameless = [name for name in own if name.startswith("sg-")]
        if nameless:
            self._tell(
                f"has security groups without Name tag: {', '.join(nameless)}",
                "their ids",
                "give each a Name tag and write it: other groups find none by its id",
            )

    def _volumes(self) -> Iterator[tuple[str, Json]]:
        found = {
            OS_DEVICE if device == self._root else device: text
            for device, text in self._found["volumes"].items()
        }
        if found == {volume.device: str(volume) for volume in self._design.volumes}:
            return
        written = [self._volume(device, name, found) for device, name in _VOLUMES.items()]
        if None in written or found.keys() - _VOLUMES.keys():
            shown = "; ".join(f"{device}: {text}" for device, text in sorted(found.items()))
            shown = shown or "those of its image"
            self.unsaid.append(f"has volumes ({shown}) that no role can say")
            return
        yield "volumes", written

    def _volume(self, device: str, name: str, found: Mapping[str, str]) -> dict[str, Json] | None:
        is_data = device == DATA_DEVICE
        if device not in found:
            return {"name": name, "size": 0, "type": "SSD"} if is_data else None
        parts = _VOLUME.fullmatch(found[device])
        type_ = _VOLUME_TYPES.get(parts["type"]) if parts else None
        if parts is None or type_ is None or bool(parts["encrypted"]) is not is_data:
            return None
        return {"name": name, "size": int(parts["size"]), "type": type_}

    def _notifications(self) -> Iterator[tuple[str, Json]]:
        names = {event: name for name, event in EVENTS.items()}
        found = {
            arn: sorted(event for event in events if event in names)
            for arn, events in self._found["notifications"].items()
        }
        if found == {arn: list(events) for arn, events in self._design.notifications.items()}:
            return
        written = []
        for arn, events in found.items():
            topic = arn.rpartition(":")[2]
            by_name = topic_arn(topic, self._scope.region, self._scope.account) == arn
            entry: dict[str, Json] = {"topic": topic if by_name else arn}
            if len(events) < len(EVENTS):
                entry["events"] = [name for name, event in EVENTS.items() if event in events]
            written.append(entry)
        yield "notifications", written

    def _scaling_schedules(self, actions: Mapping[str, Action]) -> Iterator[tuple[str, Json]]:
        written: list[dict[str, Json]] = []
        for name, action in sorted(actions.items()):
            schedule = _scaling_schedule(action)
            if schedule is None:
                shown = ", ".join(
                    f"{field} {value}" for field, value in action.items() if value != ""
                )
                self._tell(
                    f"has a scheduled action {name} that no role can say: {shown}",
                    "nothing",
                    "write what was meant, or it goes when others of its role are adopted"
                    if is_replaceable(name)
                    else "it stays as it is; take it away once it has served",
                )
                continue
            if not is_replaceable(name):
                self._tell(
                    f"has a scheduled action {name} that the old product did not make",
                    "a scaling schedule that does the same; AWS takes it once this one is gone",
                    "take this one away when it is adopted",
                )
            if schedule in written:
                continue
            if any(ever_meet(_moment(schedule), _moment(one)) for one in written):
                self._tell(
                    f"has a scheduled action {name} that comes at the time of another",
                    "the other alone",
                    "write which of them is meant",
                )
            else:
                written.append(schedule)
        models = map(ScalingSchedule.model_validate, written)
        if wanted_actions(models) != wanted_actions(self._design.scaling_schedules):
            yield "scalingSchedules", written

    def user_data(self, fields: dict[str, Json]) -> tuple[str, str]:
        """Return the text that takes a Template, and for which platform if it is the old product's; what tags of the role can say is added to the fields."""
        found: str = self._found["userData"]
        wanted = self._design.user_data_on(self._found["platform"])
        if not self._found["imageId"]:
            return "", ""
        # What the settings give is written all the same: a Template says it whatever they are.
        if found == wanted and not self._design.by_platform:
            return "", ""
        if not found:
            self.unsaid.append("has no user data, while its role gives some")
            return "", ""
        new, old = _USER_DATA.fullmatch(found), _USER_DATA.fullmatch(wanted)
        if new and old and not any(old[tag] and not new[tag] for tag in old.groupdict()):
            fields |= {tag: value for tag, value in new.groupdict().items() if value != old[tag]}
            return "", ""
        if _is_binary(found) or any(variables_in(found)):
            self.unsaid.append("has user data that no Template can say")
            return "", ""
        known = recognised(found, self._design.values)
        if known is None:
            return found, ""
        fields |= known.fields
        return known.text, known.platform

    def _tell(self, found: str, written: str, decide: str) -> None:
        self.odd.append((f"group {self._design.name} {found}", written, decide))


def _moment(schedule: Mapping[str, Json]) -> tuple[str, str]:
    return str(schedule["recurrence"]), str(schedule.get("timezone", "UTC"))


def _scaling_schedule(action: Action) -> dict[str, Json] | None:
    """Return a scheduled action as a role says it; None for one that comes but once or ends, or whose recurrence is another's."""
    if "endTime" in action:
        return None
    written = {"recurrence": action["recurrence"], "timezone": action["timezone"]}
    if written["timezone"] == "UTC":
        del written["timezone"]
    written |= {field: action[size] for size, field in _ACTION_SIZES.items() if size in action}
    try:
        ScalingSchedule.model_validate(written)
    except ValidationError:
        return None
    return written


def _is_binary(text: str) -> bool:
    """Tell whether user data is still encoded, since what it encodes is no text."""
    try:
        base64.b64decode(text, validate=True).decode()
    except binascii.Error:
        return False
    except UnicodeDecodeError:
        return True
    return False
