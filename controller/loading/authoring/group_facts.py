"""What every look at auto-scaling groups shows otherwise than their map says: written into the roles of their environment."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from controller.kinds.parts.role_facts import ZONE_LETTERS
from controller.loading.authoring.found import Written
from controller.model.live import FoundGroup, LiveLook
from controller.model.ref import ResourceRef
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import InvalidSchedule

MOST_INSTANCES: Final = 100
"""Domain rule: the most instances a size may ask for."""
_SLICES: Final = ("blue", "green")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ZONES: Final = frozenset({"Other", "Public", "Sensitive", "Management", "Secure"})
_SIZES: Final = ("minCapacity", "desiredCapacity", "maxCapacity")

Json = Any
Place = tuple[str, str]
"""(account name, region)."""


@dataclass(frozen=True, slots=True)
class Groups:
    """What looks found, by account and region. ``tag_keys`` are those of the settings."""

    looks: Mapping[Place, LiveLook]
    tag_keys: Mapping[str, str] = field(default_factory=dict)
    default_region: str = ""


def add_group_facts(written: Mapping[ResourceRef, Written], groups: Groups) -> list[str]:
    """Add to each environment what its groups show otherwise than its map; return remarks on groups nobody has.

    Environments that had been written before are left as they are: what their groups differ in is drift.
    """
    claimed: dict[Place, set[str]] = {place: set() for place in groups.looks}
    for ref in sorted(written):
        environment = written[ref]
        kind = written.get(environment.named("EnvironmentType"))
        if ref.kind != "Environment" or kind is None:
            continue
        place = str(kind.spec.get("account")), str(kind.spec.get("region") or groups.default_region)
        if place not in groups.looks:
            continue
        reading = _Reading(environment, kind, written, groups, groups.looks[place])
        if not environment.ours:
            reading.add()
        claimed[place] |= reading.names()
    return list(_unclaimed(written, groups, claimed))


class _Reading:
    """One environment against the groups of its account."""

    def __init__(
        self,
        environment: Written,
        kind: Written,
        written: Mapping[ResourceRef, Written],
        groups: Groups,
        look: LiveLook,
    ) -> None:
        self._environment, self._written = environment, written
        self._groups, self._look = groups, look
        owner = written.get(environment.named("DeploymentMap"))
        self._roles: list[dict[str, Json]] = owner.spec["roles"] if owner is not None else []
        self._subnets: dict[str, dict[str, Json]] = kind.spec["subnets"]

    def names(self) -> set[str]:
        """Return what the groups of the environment are called."""
        return {name for role in self._roles for name in self._names(role).values()}

    def add(self) -> None:
        """Write what differs, role by role."""
        overrides = {role["serverRoleName"]: self._override(role) for role in self._roles}
        roles = {name: override for name, override in overrides.items() if override}
        if roles:
            self._environment.spec["roles"] = roles

    def _names(self, role: Mapping[str, Json]) -> dict[str, str]:
        """Return slice (empty: all) -> name of its group. Domain rule: <environment>-<short name>-<role>[-<slice>]."""
        cluster = self._written.get(ResourceRef("Cluster", str(role.get("owningCluster"))))
        short = str(cluster.spec.get("shortName")).lower() if cluster is not None else "?"
        base = f"{self._environment.name}-{short}-{role['serverRoleName']}"
        if role.get("fleetPerSlice") is True:
            return {slice_: f"{base}-{slice_}" for slice_ in _SLICES}
        return {"": base}

    def _override(self, role: Mapping[str, Json]) -> dict[str, Json]:
        names = self._names(role)
        there = self._look.groups
        found = {slice_: there[name] for slice_, name in names.items() if name in there}
        if not found:
            self._environment.note(
                f"no group {' or '.join(names.values())} in {self._look.scope.name}",
                f"roles.{role['serverRoleName']}: {{enabled: false}}, so that none is made",
                "take that off if the role is to run here",
            )
            return {"enabled": False}
        first = next(iter(found.values()))
        override = dict(self._facts(role, first))
        sizes = {slice_: self._sizes(group) for slice_, group in found.items()}
        own = role["autoScalingSettings"]
        for group in found.values() if own.get("desiredCapacity") else ():
            if not group.desired and not group.members:
                self._environment.note(
                    f"group {group.name} has no instances now",
                    "its sizes as they are",
                    "write those it is to have when it is on, if it is only off for now",
                )
        differing = {
            slice_: {name: value for name, value in (size or {}).items() if own.get(name) != value}
            for slice_, size in sizes.items()
        }
        if "" in sizes or (len(sizes) == len(_SLICES) and len({*map(str, sizes.values())}) == 1):
            for_all = next(iter(differing.values()))
            if for_all:
                override["autoScalingSettings"] = for_all
        else:
            override["slices"] = differing
        return override

    def _sizes(self, group: FoundGroup) -> dict[str, int] | None:
        """Return the sizes a group is meant to have: its own, with those instances the old scheduler put on standby."""
        low, wanted, high = group.minimum, group.desired, group.maximum
        standing_by = sum(member.lifecycle == "Standby" for member in group.members)
        if standing_by:
            low = low + standing_by if low == wanted else low
            high = high + standing_by if high == wanted else max(high, wanted + standing_by)
            wanted += standing_by
            self._environment.note(
                f"group {group.name} has {group.minimum}, {group.desired}, {group.maximum} and {standing_by} on standby",
                f"sizes {low}, {wanted}, {high}: with those that stand by",
                "check the sizes",
            )
        if high > MOST_INSTANCES:
            self._environment.note(
                f"group {group.name} has sizes {low}, {wanted}, {high}; at most {MOST_INSTANCES} can be written",
                "the sizes of the map",
                "raise what the map says as far as it goes, or split the group",
            )
            return None
        return dict(zip(_SIZES, (low, wanted, high), strict=True))

    def _facts(self, role: Mapping[str, Json], group: FoundGroup) -> Iterator[tuple[str, Json]]:
        """Yield (field, value) of what differs, in the order of a role's fields."""
        contact = self._tag(group, "ContactEmail")
        if contact and _EMAIL.fullmatch(contact) and contact != role.get("contactEmailTag"):
            yield "contactEmailTag", contact
        zone = self._tag(group, "SecurityZone")
        if zone in _ZONES and zone != role.get("securityZone", "Other"):
            yield "securityZone", zone
        yield from self._network(role, group)
        schedule = self._schedule(role, group)
        if schedule is not None:
            yield "scheduleTag", schedule

    def _network(self, role: Mapping[str, Json], group: FoundGroup) -> Iterator[tuple[str, Json]]:
        found = set(group.subnets)
        own = str(role.get("subnetTypeName", "PrivateApp"))
        letters = "".join(role.get("availabilityZoneName") or "").upper()
        for name in sorted(self._subnets, key=lambda kind: kind != own):
            by_letter = {
                letter: self._subnets[name].get(f"availabilityZone{letter}")
                for letter in ZONE_LETTERS
            }
            there = "".join(letter for letter, subnet in by_letter.items() if subnet in found)
            if {by_letter[letter] for letter in there} != found or not found:
                continue
            if name != own:
                yield "subnetTypeName", name
            offered = "".join(letter for letter, subnet in by_letter.items() if subnet)
            wanted = offered if letters in {"", "*"} else letters
            if set(there) != set(wanted) & set(offered):
                yield "availabilityZoneName", "*" if there == offered else there
            return
        self._environment.note(
            f"group {group.name} is in subnets {', '.join(sorted(found)) or 'none'}, which no subnet type has together",
            f"subnetTypeName {own} as in the map",
            "add the subnets to the environment type, or let the group move",
        )

    def _schedule(self, role: Mapping[str, Json], group: FoundGroup) -> str | None:
        text = self._tag(group, "Schedule")
        own = role.get("scheduleTag")
        if text == own or (not text and not own):
            return None
        if not text:
            self._environment.note(
                f"group {group.name} has no schedule of its own; the map gives its role {own!r}",
                "nothing: an environment cannot take a role's schedule away",
                "take it off the map, or accept that the group gets it",
            )
            return None
        try:
            parse_schedule(text)
        except InvalidSchedule as refusal:
            self._environment.note(
                f"group {group.name} has the tag Schedule {text!r}: {refusal.message}",
                "nothing: the tag becomes that of the map",
                "write the schedule that was meant",
            )
            return None
        return text

    def _tag(self, group: FoundGroup, name: str) -> str:
        return group.tag(self._groups.tag_keys.get(name, name)) or ""


def _unclaimed(
    written: Mapping[ResourceRef, Written], groups: Groups, claimed: Mapping[Place, Iterable[str]]
) -> Iterator[str]:
    environments = {ref.key for ref in written if ref.kind == "Environment"}
    for place, look in sorted(groups.looks.items()):
        others = sorted(look.groups.keys() - set(claimed[place]))
        ours = [name for name in others if name.partition("-")[0] in environments]
        for name in ours:
            yield (
                f"group {name} in {look.scope.name}: its environment has no such role in its map,"
                " so it stays as it is, unmanaged"
            )
        strangers = [name for name in others if name not in ours]
        more = f" and {len(strangers) - 20} more" if len(strangers) > 20 else ""
        if strangers:
            yield (
                f"groups in {look.scope.name} that belong to no environment and stay as they are:"
                f" {', '.join(strangers[:20])}{more}"
            )
