"""EC2 and Auto Scaling of one scope in memory, as strict as AWS about what power asks of them. No process, no time."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from controller.decisions.tag_keys import PARKED
from controller.errors import RefusedByAws
from controller.model.live import FoundGroup, FoundInstance, LiveLook, LiveScope, Member
from controller.targets.power_parts.steps import (
    EnterStandby,
    ExitStandby,
    Forget,
    Remember,
    Resize,
    Resume,
    Step,
    Suspend,
)

SCOPE = LiveScope("staging-eu/eu-west-1", "012345670123", "eu-west-1", "staging-eu")
AT = datetime(2026, 11, 24, 19, tzinfo=UTC)


class Killed(BaseException):
    """The process ended here."""


@dataclass
class Group:
    """One group as AWS keeps it."""

    minimum: int
    desired: int
    maximum: int
    lifecycles: dict[str, str]
    suspended: set[str] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)


class InMemoryHands:
    """PowerClient over a world of one's own. ``budget`` is how many requests are done before the process is killed."""

    def __init__(self, groups: Mapping[str, Group] | None = None, **states: str) -> None:
        self.kept = dict(groups or {})
        self.shown_tags = {name: dict(one.tags) for name, one in self.kept.items()}
        self.states = {name.replace("_", "-"): state for name, state in states.items()}
        self.tags: dict[str, dict[str, str]] = {}
        self.calls: list[str] = []
        self.at = AT
        self.looks = 0
        """Requests that look at all groups, or at all instances."""
        self.budget: int | None = None
        self.refuse: Callable[[str, Sequence[str]], None] = lambda _call, _ids: None
        self.moving: dict[str, str] = {}
        self.enters_standby = True
        self.settles = True
        self.at_once = False
        """Whether what is asked for is there before AWS answers."""
        self.types: dict[str, str] = {}
        self.capacity: dict[str, int] = {}
        """By type, and what it is bound to (``m5.large h-1``), where there is not as much as asked for."""
        self.bound: dict[str, str] = {}
        """Instance -> host or reservation it takes its capacity from."""
        self.cannot_launch: set[str] = set()
        self.protected: set[str] = set()
        """Against being stopped."""
        self.falls_back: set[str] = set()
        self.hidden_starts = 0
        """How many looks still show instances as they were before they were started."""
        self.reasons: dict[str, str] = {}
        self.hidden_tags = 0
        """How many looks still show the groups' tags as they were at the beginning."""

    def now(self) -> datetime:
        return self.at

    def look(self) -> LiveLook:
        return LiveLook(SCOPE, self.at, self._look_at_groups(), self._look_at_instances())

    def groups(self) -> dict[str, FoundGroup]:
        return self._look_at_groups()

    def instances(self, states: Sequence[str]) -> dict[str, FoundInstance]:
        found = self._look_at_instances()
        return {name: one for name, one in found.items() if not states or one.state in states}

    def _look_at_instances(self) -> dict[str, FoundInstance]:
        self.looks += 1
        found = self._instances()
        if self.settles:
            self.states |= self.moving
            self.moving.clear()
        return found

    def _look_at_groups(self) -> dict[str, FoundGroup]:
        self.looks += 1
        found = self._groups()
        for group in self.kept.values():
            for name, lifecycle in group.lifecycles.items():
                if lifecycle == "EnteringStandby" and self.enters_standby:
                    group.lifecycles[name] = "Standby"
                elif lifecycle == "Pending":
                    group.lifecycles[name] = "InService"
        return found

    def failed_activity(self, group: str) -> str:
        return "Launching EC2 instance failed" if group in self.cannot_launch else ""

    def remember(self, values: Mapping[str, str]) -> None:
        self._called("tag", list(values))
        for name, value in values.items():
            self._group(name).tags[PARKED] = value

    def forget(self, groups: Sequence[str]) -> None:
        self._called("untag", groups)
        for name in groups:
            self._group(name).tags.pop(PARKED, None)

    def step(self, group: str, step: Step) -> None:
        one = self._group(group)
        self._called(type(step).__name__, [group])
        match step:
            case Suspend(processes):
                one.suspended |= set(processes)
            case Resume(processes):
                one.suspended -= set(processes)
            case Resize(minimum, desired):
                self._resize(one, minimum, desired)
            case EnterStandby(ids):
                self._enter(one, ids)
            case ExitStandby(ids):
                self._leave(one, ids)
            case Remember() | Forget():
                raise AssertionError("tags are sent in batches")

    def start(self, ids: Sequence[str]) -> None:
        self._called("start", ids)
        for name in ids:
            self._require(self.states.get(name) in ("stopped", "running", "pending"), name, "IncorrectInstanceState")  # fmt: skip
        stopped = [name for name in ids if self.states[name] == "stopped"]
        kinds = Counter(
            f"{self.types.get(name, 't3.micro')} {self.bound.get(name, '')}".strip()
            for name in stopped
        )
        for kind in kinds.keys() & self.capacity.keys():
            asked = kinds[kind]
            if asked > self.capacity[kind]:
                raise RefusedByAws("AWS refused (none)", "InsufficientInstanceCapacity")
            self.capacity[kind] -= asked
        if self.at_once:
            self.states.update(dict.fromkeys(stopped, "running"))
            return
        for name in stopped:
            self.states[name], self.moving[name] = "pending", "running"
            if name in self.falls_back:
                self.moving[name] = "stopped"
                self.reasons[name] = "Client.InternalError: Client error on launch"

    def stop(self, ids: Sequence[str]) -> None:
        self._called("stop", ids)
        for name in ids:
            self._require(name in self.states, name, "InvalidInstanceID.NotFound")
            self._require(self.states[name] in ("running", "stopping", "stopped"), name, "IncorrectInstanceState")  # fmt: skip
            self._require(name not in self.protected, name, "OperationNotPermitted")
            for group in self.kept.values():
                assert group.lifecycles.get(name) != "InService", "its group would replace it"
        for name in ids:
            if self.states[name] == "running" and self.at_once:
                self.states[name] = "stopped"
            elif self.states[name] == "running":
                self.states[name], self.moving[name] = "stopping", "stopped"

    def replace(self, instance_id: str) -> None:
        self._called("replace", [instance_id])
        for group in self.kept.values():
            if group.lifecycles.pop(instance_id, None) is not None:
                del self.states[instance_id]

    def _called(self, call: str, ids: Sequence[str]) -> None:
        if self.budget is not None:
            if self.budget == 0:
                raise Killed
            self.budget -= 1
        self.calls.append(call)
        self.refuse(call, ids)

    def _group(self, name: str) -> Group:
        self._require(name in self.kept, name, "ValidationError")
        return self.kept[name]

    def _resize(self, group: Group, minimum: int, desired: int | None) -> None:
        wanted = max(group.desired, minimum) if desired is None else desired
        self._require(0 <= minimum <= wanted <= group.maximum, "sizes", "ValidationError")
        group.minimum, group.desired = minimum, wanted
        counted = [n for n, one in group.lifecycles.items() if one in ("InService", "Pending")]
        if self.kept.keys() & self.cannot_launch:
            return
        for number in range(wanted - len(counted)):
            name = f"i-new{len(self.states)}{number}"
            group.lifecycles[name], self.states[name] = "Pending", "running"
        if "Terminate" in group.suspended:
            return
        for name in [name for name in counted if name not in self.protected][wanted:]:
            del group.lifecycles[name], self.states[name]

    def _enter(self, group: Group, ids: Sequence[str]) -> None:
        self._require(0 < len(ids) <= 20, "ids", "ValidationError")
        for name in ids:
            self._require(group.lifecycles.get(name) == "InService", name, "ValidationError")
        self._require(group.desired - len(ids) >= group.minimum, "MinSize", "ValidationError")
        group.desired -= len(ids)
        state = "Standby" if self.at_once else "EnteringStandby"
        group.lifecycles.update(dict.fromkeys(ids, state))

    def _leave(self, group: Group, ids: Sequence[str]) -> None:
        self._require(0 < len(ids) <= 20, "ids", "ValidationError")
        for name in ids:
            self._require(group.lifecycles.get(name) == "Standby", name, "ValidationError")
            self._require(self.states.get(name, "running") == "running", name, "ValidationError")
        self._require(group.desired + len(ids) <= group.maximum, "MaxSize", "ValidationError")
        self._require("Launch" not in group.suspended, "Launch", "ValidationError")
        group.desired += len(ids)
        group.lifecycles.update(dict.fromkeys(ids, "InService" if self.at_once else "Pending"))
        for name in [name for name in ids if name not in self.states]:
            del group.lifecycles[name]
            if not self.kept.keys() & self.cannot_launch:
                new = f"i-for-{name}"
                group.lifecycles[new], self.states[new] = "Pending", "running"

    @staticmethod
    def _require(holds: bool, what: str, code: str) -> None:
        if not holds:
            raise RefusedByAws(f"AWS refused ({code}): {what}", code, instances=[what])

    def _groups(self) -> dict[str, FoundGroup]:
        hides, self.hidden_tags = self.hidden_tags > 0, max(0, self.hidden_tags - 1)
        if not hides:
            self.shown_tags = {name: dict(one.tags) for name, one in self.kept.items()}
        return {
            name: FoundGroup(
                name=name,
                arn="",
                minimum=one.minimum,
                desired=one.desired,
                maximum=one.maximum,
                tags=tuple(self.shown_tags[name].items()),
                propagated=frozenset(),
                subnets=(),
                suspended=frozenset(one.suspended),
                members=tuple(
                    Member(member, lifecycle, "a", "", "", True, member in self.protected)
                    for member, lifecycle in one.lifecycles.items()
                ),
            )
            for name, one in self.kept.items()
        }

    def _instances(self) -> dict[str, FoundInstance]:
        hides, self.hidden_starts = self.hidden_starts > 0, max(0, self.hidden_starts - 1)
        return {
            name: FoundInstance(
                name,
                "stopped" if hides and state == "pending" else state,
                tuple(self.tags.get(name, {}).items()),
                None,
                instance_type=self.types.get(name, "t3.micro"),
                zone="eu-west-1a",
                pool=self.bound.get(name, ""),
                failed_start=self.reasons.get(name, "") if state == "stopped" else "",
            )
            for name, state in self.states.items()
        }


class StillClock:
    """A steady clock that only sleeping moves."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses: list[float] = []

    def steady_s(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds
