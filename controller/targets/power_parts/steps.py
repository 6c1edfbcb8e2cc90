"""What is done about one group, one request each, and which steps of parking and waking are next. Pure.

Parking: remember, suspend processes, MinSize down, standby, then stop. Waking: start, back into service, sizes and processes
back, forget. Each step is absolute and leaves something a later look understands, so a run may end anywhere and the next goes on:
what was done before is read from the group alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from controller.decisions.tag_keys import PARKED
from controller.model.live import FoundGroup, FoundInstance
from controller.scheduling.group_sizes import (
    STANDING_BY,
    GroupMember,
    GroupPower,
    GroupSizes,
    RoleSizes,
    group_sizes,
)
from controller.scheduling.schedule import State

HELD_BACK: Final = frozenset({"ScheduledActions", "AlarmNotification", "AZRebalance"})
"""Processes suspended while a group is parked: they would resize it, or end what is left of it.

Never ``Launch``: a member that dies meanwhile is replaced, and a group that is woken can grow.
"""
_WHILE_ANY_IS_AWAY: Final = frozenset({"AZRebalance"})
"""Processes suspended as long as any member is in standby: else AWS launches in the zone it is missing in, and ends another elsewhere."""

_FORM = re.compile(
    r"min=(\d+) desired=(\d+)(?: suspended=([A-Za-z]+(?:/[A-Za-z]+)*))?(?: cannotStop=(any|i-[0-9a-z]+(?:/i-[0-9a-z]+)*))?"
)
_MOST_IN_TAG: Final = 8
"""Ids of members that a tag's 256 characters have room for, with all the rest. More are ``any``: none leaves service any more."""
ANY: Final = "any"


@dataclass(frozen=True, slots=True)
class Parked:
    """Sizes and suspended processes a group gets back when it wakes."""

    minimum: int
    desired: int
    suspended: frozenset[str] = frozenset()
    """Processes that somebody had suspended before: they stay suspended."""
    cannot_stop: frozenset[str] = frozenset()
    """Members that AWS refused to stop: they stay in service until the group wakes."""

    def __str__(self) -> str:
        """Return the tag's value, of characters that tags take everywhere."""
        suspended = f" suspended={'/'.join(sorted(self.suspended))}" if self.suspended else ""
        ids = sorted(self.cannot_stop)
        ids = [ANY] if ANY in ids or len(ids) > _MOST_IN_TAG else ids
        cannot_stop = f" cannotStop={'/'.join(ids)}" if ids else ""
        return f"min={self.minimum} desired={self.desired}{suspended}{cannot_stop}"


@dataclass(frozen=True, slots=True)
class UnreadableTag:
    """The group carries the tag, but not as we write it: what it was like cannot be told."""

    text: str


def parked_of(group: FoundGroup) -> Parked | UnreadableTag | None:
    """Return what a group's tag remembers; None where it has none, so is not parked."""
    text = group.tag(PARKED)
    if text is None:
        return None
    match = _FORM.fullmatch(text.strip())
    if match is None:
        return UnreadableTag(text)
    suspended = frozenset(match[3].split("/")) if match[3] else frozenset()
    cannot_stop = frozenset(match[4].split("/")) if match[4] else frozenset()
    return Parked(int(match[1]), int(match[2]), suspended, cannot_stop)


class MemberSituation(NamedTuple):
    """One member. ``wanted`` is ON or OFF where it is to be brought there, anything else where it is left as it is."""

    instance_id: str
    lifecycle: str
    state: str
    """EC2's name; empty where EC2 did not list the instance."""
    wanted: State
    protected: bool = False
    """From being ended as its group shrinks."""

    @property
    def is_lost(self) -> bool:
        """Whether it was ended in standby: its group goes on listing it, until it is put back and replaced."""
        return self.lifecycle == "Standby" and self.state in _GONE

    @property
    def is_there(self) -> bool:
        """Whether nothing is left to be done for it."""
        if self.wanted is State.ON:
            return self.lifecycle == "InService" and self.state == "running"
        if self.wanted is State.OFF:
            return self.lifecycle == "Standby" and self.state == "stopped"
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSituation:
    """A group. ``wanted`` is what the schedule wants of it as such; a member's own tag may want something else."""

    minimum: int
    desired: int
    maximum: int
    suspended: frozenset[str]
    parked: Parked | UnreadableTag | None
    members: tuple[MemberSituation, ...]
    wanted: State
    scales: bool
    """Off means no instances (``scaleToZero``), not stopped ones."""
    cannot_stop: frozenset[str] = frozenset()
    """Members in standby that AWS has just refused to stop."""
    woken: bool = False
    """It got back what it had in this very run."""

    def members_that(
        self, wanted: State, lifecycle: str = "", state: str = ""
    ) -> list[MemberSituation]:
        """Return the members wanted so, in this lifecycle and state, in any where none is given."""
        return [
            member
            for member in self.members
            if member.wanted is wanted
            and lifecycle in ("", member.lifecycle)
            and state in ("", member.state)
        ]

    def sizes(
        self, wanted: State, remembered: Parked, members: tuple[MemberSituation, ...]
    ) -> GroupSizes:
        """Return the sizes that let members come or leave, where so much is wanted of the group as such."""
        desired = min(remembered.desired, self.maximum)
        role = RoleSizes(min(remembered.minimum, desired), desired, self.maximum)
        counted = [GroupMember(member.lifecycle, member.wanted) for member in members]
        return group_sizes(role, GroupPower(wanted, remembered.desired), counted)


def situation_of(
    group: FoundGroup,
    instances: Mapping[str, FoundInstance],
    wanted: State,
    of_members: Mapping[str, State],
    *,
    parked: Parked | UnreadableTag | None,
    scales: bool,
    cannot_stop: frozenset[str] = frozenset(),
) -> GroupSituation:
    """Return a group as a look found it, with what is wanted of it and, by id, of its members; of others nothing is."""
    return GroupSituation(
        minimum=group.minimum,
        desired=group.desired,
        maximum=group.maximum,
        suspended=group.suspended,
        parked=parked,
        members=tuple(
            MemberSituation(
                member.instance_id,
                member.lifecycle,
                instances[member.instance_id].state if member.instance_id in instances else "",
                of_members.get(member.instance_id, State.NONE),
                member.protected_from_scale_in,
            )
            for member in group.members
        ),
        wanted=wanted,
        scales=scales,
        cannot_stop=cannot_stop,
    )


_GONE: Final = frozenset({"", "shutting-down", "terminated"})
STANDBY_IDS: Final = 20
"""Instances per EnterStandby or ExitStandby (limit of EC2 Auto Scaling)."""
_UNREADABLE = "its tag envctl:parked cannot be read ({!r}): write min=N desired=N, or take it off"


class Remember(NamedTuple):
    """Tag the group with what it is like, before anything about it is changed."""

    parked: Parked


class Suspend(NamedTuple):
    """Suspend processes."""

    processes: tuple[str, ...]


class Resume(NamedTuple):
    """Let processes go on that were suspended for parking."""

    processes: tuple[str, ...]


class Resize(NamedTuple):
    """Set MinSize and, unless it is None, DesiredCapacity."""

    minimum: int
    desired: int | None = None


class EnterStandby(NamedTuple):
    """Take members out of service, out of the desired capacity too; at most 20."""

    ids: tuple[str, ...]


class ExitStandby(NamedTuple):
    """Put members back into service; at most 20."""

    ids: tuple[str, ...]


class Forget(NamedTuple):
    """Take the tag off: the group is as it was."""


Step = Remember | Suspend | Resume | Resize | EnterStandby | ExitStandby | Forget


class GroupSteps(NamedTuple):
    """What is to be done now. The chain is in order and ends where a step of it fails; the rest does not depend on it."""

    chain: tuple[Step, ...] = ()
    start: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    stays: str = ""
    """Why something is left as it is that should not be."""
    short: str = ""
    """What AWS has not launched yet of what the group was asked for: ``1 of 3 in service``."""


def next_steps(group: GroupSituation) -> GroupSteps:
    """Return what to do now to bring a group and its members to where they are wanted."""
    if group.scales:
        return GroupSteps(tuple(_scaled(group)), stays=_held(group), short=_short(group))
    leaving = group.members_that(State.OFF, "InService")
    coming = [m for m in group.members if _comes_back(m, group)]
    chain: list[Step] = []
    stays = ""
    if leaving and isinstance(group.parked, UnreadableTag):
        stays = _UNREADABLE.format(group.parked.text)
        leaving = []
    if leaving:
        chain += _parking(group, leaving)
    room = max(0, group.maximum - group.desired)
    if len(coming) > room:
        stays = f"its MaxSize {group.maximum} leaves no room for {len(coming) - room} members in standby"
        coming = coming[:room]
    if coming and "Launch" in group.suspended:
        stays = f"its process Launch is suspended, so AWS takes no member back into service: resume it ({len(coming)} wait)"
        coming = []
    chain += _kept_in_service(group, coming)
    chain += [ExitStandby(ids) for ids in _ids(coming)]
    if not leaving:
        chain += _waking(group, coming)
    start = tuple(member.instance_id for member in group.members_that(State.ON, "", "stopped"))
    stop = tuple(
        member.instance_id
        for member in group.members_that(State.OFF, "Standby", "running")
        if member.instance_id not in group.cannot_stop
    )
    short = _not_launched(group) if group.woken else ""
    return GroupSteps(tuple(chain), start, stop, stays, short)


def _parking(group: GroupSituation, leaving: Sequence[MemberSituation]) -> Iterator[Step]:
    remembered = group.parked
    if not isinstance(remembered, Parked):
        remembered = Parked(group.minimum, group.desired, group.suspended)
        yield Remember(remembered)
    # A group that as such is on keeps the rest of its processes: only one member or the other is to leave.
    yield from _suspend(group, HELD_BACK if group.wanted is State.OFF else _WHILE_ANY_IS_AWAY)
    # Where more are in service than desired, Auto Scaling is ending some: the rest leaves at the next look.
    leaving = leaving[: group.desired]
    # The MinSize that lets every member wanted off leave; never more than it is.
    lowest = group.sizes(State.OFF, remembered, group.members).minimum
    minimum = min(group.minimum, lowest, group.desired - len(leaving))
    if minimum < group.minimum:
        yield Resize(minimum)
    yield from (EnterStandby(ids) for ids in _ids(leaving))


def _waking(group: GroupSituation, coming: Sequence[MemberSituation]) -> Iterator[Step]:
    """Yield what gives a group back what it had, once all of its members that are wanted on are back."""
    remembered = group.parked
    if group.wanted is not State.ON or not isinstance(remembered, Parked):
        return
    back = {member.instance_id for member in coming}
    after = tuple(
        member._replace(lifecycle="InService") if member.instance_id in back else member
        for member in group.members
    )
    if any(m.wanted is State.ON and m.lifecycle in STANDING_BY for m in after):
        return
    wanted = group.sizes(State.ON, remembered, after)
    assert wanted.desired is not None, "the desired capacity is remembered"
    desired = group.desired + len(coming)
    # Members lost while it was parked are made up for. Never fewer: that would end some, which is not for the clock.
    grown = wanted.desired if wanted.desired > desired else None
    minimum = min(wanted.minimum, grown or desired)
    if minimum != group.minimum or grown is not None:
        yield Resize(minimum, grown)
    away = any(member.lifecycle in STANDING_BY for member in after)
    yield from _resume(group, remembered, but=_WHILE_ANY_IS_AWAY if away else frozenset())
    if not away:
        yield Forget()


def _scaled(group: GroupSituation) -> Iterator[Step]:
    """Yield the steps of a group whose instances are ended when it is off, and launched anew."""
    remembered = group.parked
    if isinstance(remembered, UnreadableTag):
        return
    if group.wanted is State.OFF and (group.minimum, group.desired) != (0, 0):
        if remembered is None:
            yield Remember(Parked(group.minimum, group.desired, group.suspended))
        yield from _suspend(group, HELD_BACK)
        yield Resize(0, 0)
    elif group.wanted is State.ON and remembered is not None:
        desired = max(group.desired, min(remembered.desired, group.maximum))
        minimum = min(remembered.minimum, desired)
        if (minimum, desired) != (group.minimum, group.desired):
            yield Resize(minimum, desired)
        yield from _resume(group, remembered)
        # As long as members lack the tag stays: it tells a later look that they are waited for.
        if (minimum, desired) == (group.minimum, group.desired) and not _short(group):
            yield Forget()


def _short(group: GroupSituation) -> str:
    """Say how many members serve of a group that scales, is to be on, and has fewer than it was asked for; else nothing."""
    serving = sum(member.lifecycle == "InService" for member in group.members)
    if group.wanted is not State.ON or not group.parked or serving >= group.desired:
        return ""
    return f"{serving} of {group.desired} in service"


def _not_launched(group: GroupSituation) -> str:
    """Say how many members a woken group has where AWS has yet to launch some for those that were lost; else nothing."""
    lifecycles = [member.lifecycle for member in group.members]
    serving = lifecycles.count("InService")
    coming = sum(one.startswith("Pending") for one in lifecycles)
    return f"{serving} of {group.desired} in service" if serving + coming < group.desired else ""


def _held(group: GroupSituation) -> str:
    """Say what keeps AWS from ending, or launching, what a group that scales was asked for; nothing if it does all."""
    if group.wanted is State.ON and "Launch" in group.suspended and _short(group):
        return "its process Launch is suspended, so AWS launches no members: resume it"
    serving = [member for member in group.members if member.lifecycle == "InService"]
    if group.wanted is State.OFF and "Terminate" in group.suspended and serving:
        return "its process Terminate is suspended, so AWS ends no members: resume it"
    held = [member.instance_id for member in serving if member.protected]
    which = f"{', '.join(held[:3])}{' …' if held[3:] else ''}"
    told = f"AWS does not end members that are protected from scale-in: take that off {which}"
    return told if held and group.wanted is State.OFF else ""


def _comes_back(member: MemberSituation, group: GroupSituation) -> bool:
    """Tell whether a member is to leave standby now: it runs and is wanted on, cannot be stopped, or is lost."""
    if member.lifecycle != "Standby":
        return False
    if member.is_lost:
        return group.wanted is State.ON
    return member.state == "running" and (
        member.wanted is State.ON or member.instance_id in group.cannot_stop
    )


def _kept_in_service(group: GroupSituation, coming: Sequence[MemberSituation]) -> Iterator[Step]:
    """Yield what remembers members that are put back as they cannot be stopped: they are not taken out again this time."""
    ids = {member.instance_id for member in coming} & group.cannot_stop
    if ids and isinstance(group.parked, Parked):
        yield Remember(replace(group.parked, cannot_stop=group.parked.cannot_stop | ids))


def _suspend(group: GroupSituation, processes: frozenset[str]) -> Iterator[Step]:
    if not group.suspended >= processes:
        yield Suspend(tuple(sorted(processes - group.suspended)))


def _resume(
    group: GroupSituation, remembered: Parked, but: frozenset[str] = frozenset()
) -> Iterator[Step]:
    if resumed := (HELD_BACK & group.suspended) - remembered.suspended - but:
        yield Resume(tuple(sorted(resumed)))


def _ids(members: Sequence[MemberSituation]) -> Iterator[tuple[str, ...]]:
    for first in range(0, len(members), STANDBY_IDS):
        yield tuple(member.instance_id for member in members[first : first + STANDBY_IDS])
