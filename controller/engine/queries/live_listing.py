"""Groups and instances as a look found them, now or as it was published last: what they are, and what schedules ask of them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, TypedDict

from controller.decisions.evaluator import Evaluation, JudgedGroup
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.observe import ScopeSetup
from controller.engine.live.planner import LivePlanOptions, LiveScopePlan
from controller.engine.live.published_accounts import PublishedAccounts
from controller.engine.power.fleet import (
    GROUP,
    INSTANCE,
    POWER,
    evaluate_looks,
)
from controller.engine.queries.explain.explanation import STATES
from controller.engine.queries.explain.instance import SHARED, next_changes
from controller.engine.queries.listing import ListFilter
from controller.engine.queries.schedules.exceptions import Belongs, belongs_of
from controller.model.accepted import AcceptedState
from controller.model.live import LiveLook, LiveScope
from controller.model.override import Override
from controller.model.plan import Cause, Change
from controller.model.ref import Reason, ResourceRef
from controller.planning.overrides import by_object
from controller.scheduling.decision import STOP_NOT_MADE, Decision
from controller.scheduling.schedule import State
from controller.targets.groups import TARGET as GROUPS

LIVE_LISTS: Final = ("groups", "instances")
"""What can be listed of accounts."""
_NOT_ASKED: Final = Reason("targets groups and power are off there: nothing is looked at")
_RUNNING: Final = "running"


class _SharedFields(TypedDict):
    """What groups and instances are both listed with."""

    scope: str
    account: str
    region: str
    environment: str
    environment_type: str
    team: str
    labels: Mapping[str, str]
    role: str
    schedule: str
    wanted: str
    next_at: datetime | None
    next_wanted: str


class ListedGroup(NamedTuple):
    """A group of an environment, what schedules ask of it now, and what next."""

    name: str
    scope: str
    account: str
    region: str
    environment: str
    environment_type: str
    team: str
    role: str
    schedule: str
    """As it was chosen where it decides: ``office-hours``, ``on``, or the expression; empty where nothing decides."""
    on: int
    """Members that run and are in service."""
    size: int
    """Members it is to have, those that are parked among them."""
    desired: int
    wanted: str
    next_at: datetime | None
    next_wanted: str
    overrides: tuple[Override, ...]
    """Of itself and of its environment."""
    drift: tuple[str, ...] | None
    """Fields that others changed since they were applied; None where that is not told: not looked for, or it changes for another cause, too."""
    labels: Mapping[str, str]
    """Of its environment."""


class ListedInstance(NamedTuple):
    """An instance of an environment, what schedules ask of it now, and what next."""

    name: str
    """Its id."""
    tag_name: str
    group: str
    scope: str
    account: str
    region: str
    environment: str
    environment_type: str
    team: str
    role: str
    schedule: str
    state: str
    """EC2's: ``running``, ``stopped``, …"""
    lifecycle: str
    """Its state in its group; empty where that does not list it."""
    private_ip: str
    launched_at: datetime | None
    wanted: str
    next_at: datetime | None
    next_wanted: str
    overrides: tuple[Override, ...]
    drift: tuple[str, ...]
    """``state`` where it is on or off against its schedule, and may be switched."""
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveList:
    """What was found, when each scope was looked at, and why others are not in it."""

    found: tuple[ListedGroup | ListedInstance, ...]
    seen: Mapping[str, datetime]
    unknown: Mapping[str, Reason]
    nobodys: int
    """How many belong to no environment and are left out."""
    deleted: tuple[ResourceRef, ...]
    """Groups that others deleted."""
    place: str = ""
    """Where the looks were published; empty where it was looked now."""


def look_for(
    accounts: LiveAccounts | PublishedAccounts, accepted: AcceptedState, account: str, now: datetime
) -> tuple[LiveScopePlan, ...]:
    """Look at the groups and instances of an account, by name or number, empty for all; or read its looks. Nothing is written.

    What cannot be seen is its scope's state. Raises WrongUsage for an account that nothing is kept in, and as reading the
    controller's own rows.
    """
    setups = accounts.scopes(accepted, (account,) if account else ())
    asked = LivePlanOptions(now=now, targets=(GROUPS.name, POWER))
    return accounts.plan(accepted, setups, asked).scopes


def live_listed(
    what: str,
    scopes: Iterable[LiveScopePlan],
    accepted_at: Callable[[datetime], AcceptedState],
    now: datetime,
    wanted: ListFilter,
    place: str = "",
) -> LiveList:
    """Return groups or instances, by scope and name, as they were seen; ``accepted_at`` gives what is accepted at a moment. Pure."""
    scopes = tuple(scopes)
    looks = [(scope.setup, look) for scope in scopes if (look := scope.view.look) is not None]
    outlook = _Outlook(looks, accepted_at, now)
    changes = {
        change.ref: change
        for scope in scopes
        for plan in scope.plans
        for change in plan.changes
        if change.target == GROUPS.name
    }
    compared = {
        scope.setup.scope.name
        for scope in scopes
        if any(part.target.name == GROUPS.name for part in scope.view.parts)
    }
    rows: Iterable[ListedGroup | ListedInstance] = (
        outlook.groups(changes, compared) if what == "groups" else outlook.instances()
    )
    fitting = [row for row in rows if wanted.fits(row)]
    return LiveList(
        found=tuple(row for row in fitting if row.environment),
        seen={setup.scope.name: look.at for setup, look in looks},
        unknown={
            scope.setup.scope.name: next((plan.reason for plan in scope.plans), _NOT_ASKED)
            for scope in scopes
            if not scope.view.look
        },
        nobodys=sum(not row.environment for row in fitting),
        deleted=tuple(
            sorted(
                ref
                for ref, change in changes.items()
                if change.action == "create" and change.cause is Cause.DRIFTED
            )
        ),
        place=place,
    )


class _Next(NamedTuple):
    at: datetime | None
    wanted: str


class _Outlook:
    """What is decided for what was seen, now and next; many instances share a decision."""

    def __init__(
        self,
        looks: Sequence[tuple[ScopeSetup, LiveLook]],
        accepted_at: Callable[[datetime], AcceptedState],
        now: datetime,
    ) -> None:
        self._looks, self._accepted_at, self._now = looks, accepted_at, now
        self._accepted = accepted_at(now)
        self._fleets = {now: evaluate_looks(looks, self._accepted, now, {})}
        self._next: dict[int, _Next] = {}
        """By the identity of decisions, which their fleet keeps."""
        self._belongs: dict[str, Belongs] = {}
        self._overrides = by_object(self._accepted.overrides)

    def groups(
        self, changes: Mapping[ResourceRef, Change], compared: Collection[str]
    ) -> Iterator[ListedGroup]:
        """Yield every group by scope and name, those of no environment too."""
        for scope in self._fleets[self._now].scopes.values():
            where = scope.look.scope
            for name, judged in sorted(scope.groups.items()):
                group, ref = judged.group, ResourceRef(GROUP, f"{where.name}/{name}")
                members = [scope.look.instances.get(one.instance_id) for one in group.members]
                parked = sum(one.lifecycle == "Standby" for one in group.members)
                on = sum(
                    one.lifecycle == "InService" and found is not None and found.state == _RUNNING
                    for one, found in zip(group.members, members, strict=True)
                )
                yield ListedGroup(
                    name=name,
                    **self._common(ref, where, judged),
                    on=on,
                    size=max(group.desired + parked, len(members)),
                    desired=group.desired,
                    overrides=self._held(judged.environment, ref),
                    drift=_drift_of(changes.get(ref)) if where.name in compared else None,
                )

    def instances(self) -> Iterator[ListedInstance]:
        """Yield every instance by scope and group, those of no environment too."""
        for scope in self._fleets[self._now].scopes.values():
            where = scope.look.scope
            for judged in sorted(
                scope.instances, key=lambda one: (one.group, one.instance.instance_id)
            ):
                found = judged.instance
                ref = ResourceRef(INSTANCE, f"{where.name}/{found.instance_id}")
                group = ResourceRef(GROUP, f"{where.name}/{judged.group}")
                yield ListedInstance(
                    name=found.instance_id,
                    **self._common(ref, where, judged),
                    tag_name=found.tag("Name") or "",
                    group=judged.group,
                    state=found.state,
                    lifecycle=judged.lifecycle or "",
                    private_ip=found.private_ip,
                    launched_at=found.launched_at,
                    overrides=self._held(judged.environment, ref, group),
                    drift=("state",) if _is_otherwise(judged) else (),
                )

    def _common(
        self, ref: ResourceRef, where: LiveScope, judged: JudgedGroup | Evaluation
    ) -> _SharedFields:
        name, decision = judged.environment, judged.decision
        if name not in self._belongs:
            self._belongs[name] = belongs_of(name, self._accepted)
        belongs, following = self._belongs[name], self._following(ref, name, decision)
        return {
            "scope": where.name,
            "account": where.account_name,
            "region": where.region,
            "environment": name,
            "environment_type": belongs.type,
            "team": belongs.team,
            "labels": belongs.labels,
            "role": judged.role.facts.name if judged.role else "",
            "schedule": decision.deciding.text if decision.deciding else "",
            "wanted": decision.wanted.value,
            "next_at": following.at,
            "next_wanted": following.wanted,
        }

    def _following(self, ref: ResourceRef, environment: str, decision: Decision) -> _Next:
        found = self._next.get(id(decision))
        if found is None:
            own = ResourceRef("Environment", environment)
            ends = {
                override.until
                for override in self._accepted.overrides
                if override.until and (override.ref == own or override.ref.kind in SHARED)
            }
            coming = next_changes(
                decision, self._now, ends, lambda at: self._decided(ref, decision, at), most=1
            )
            found = _Next(coming[0].at, coming[0].state.value) if coming else _Next(None, "")
            self._next[id(decision)] = found
        return found

    def _decided(self, ref: ResourceRef, known: Decision, at: datetime) -> Decision:
        if at not in self._fleets:
            self._fleets[at] = evaluate_looks(self._looks, self._accepted_at(at), at, {})
        judged = self._fleets[at].judged(ref)
        return known if judged is None else judged.decision

    def _held(self, environment: str, *refs: ResourceRef) -> tuple[Override, ...]:
        asked = (*refs, ResourceRef("Environment", environment))
        return tuple(override for ref in asked for override in self._overrides.get(ref, ()))


def _drift_of(change: Change | None) -> tuple[str, ...] | None:
    if change is None:
        return ()
    return tuple(field.path for field in change.fields) if change.cause is Cause.DRIFTED else None


def _is_otherwise(judged: Evaluation) -> bool:
    """Tell whether an instance is on or off against its schedule, and may be switched."""
    state, decision = STATES.get(judged.instance.state), judged.decision
    if state is None or decision.wanted not in (State.ON, State.OFF):
        return False
    is_left = decision.reason is not None and decision.reason.code in STOP_NOT_MADE
    return state is not decision.wanted and not is_left
