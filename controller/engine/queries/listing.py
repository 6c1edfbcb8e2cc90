"""What there is of a kind, as the tables have it with overrides laid over it: what a person looks through first. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from controller.decisions.coming_schedules import phases, switches
from controller.decisions.power_map import (
    Compiled,
    FollowedSchedule,
    compiled,
    of_choice,
)
from controller.engine.power.fleet import LIVE
from controller.errors import WrongUsage
from controller.kinds.schedule import ScheduleChoice
from controller.model.accepted import AcceptedState
from controller.model.canonical import parse_canonical
from controller.model.observed import ObservedState, Ownership
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.scheduling.schedule import (
    InvalidSchedule,
    Schedule,
    ScheduleNeverRuns,
    State,
)
from controller.scheduling.timeline import hours_per_week, next_change, state_at

INVALID: Final = "invalid"
RETIRED: Final = "retired"
ITEM: Final = "item"
"""What has drifted where that is told of a whole document."""
DEFAULT_MODE: Final = "enforce"
"""How far changes go in an account that does not say."""


class ListedEnvironment(NamedTuple):
    """An environment, what its schedule asks for now, and what it asks for next."""

    name: str
    account: str
    """Empty where its type cannot be read back."""
    region: str
    environment_type: str
    team: str
    deployment_map: str
    schedule: str
    """How the schedule is called: ``office-hours``, ``on``, or the expression."""
    wanted: str
    """``on``, ``off``, ``noschedule``, ``none`` (nothing yet), ``invalid`` or ``retired``."""
    next_at: datetime | None
    """When it is to be otherwise; None if never, or if that cannot be told."""
    next_wanted: str
    overrides: tuple[Override, ...]
    accepted: AcceptedState
    """Where it stands, for what few ask for."""
    drift: tuple[str, ...] = ()
    """``item`` where others changed its item in the tables since it was applied last."""
    instances_on: int | None = None
    """As the last look counted that is on record; None where none did."""
    instances: int | None = None
    seen_at: datetime | None = None
    """When that was."""

    @property
    def deployments_locked(self) -> bool:
        """Whether deployments to it are locked."""
        return self.accepted.operational(self.name, "DeploymentsLocked")

    @property
    def in_maintenance(self) -> bool:
        """Whether it is in maintenance."""
        return self.accepted.operational(self.name, "EnvironmentInMaintenance")

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return _labels(ResourceRef("Environment", self.name), self.accepted)


class ListedService(NamedTuple):
    """A service and its ports."""

    name: str
    team: str
    blue_port: int | None
    green_port: int | None
    description: str
    overrides: tuple[Override, ...]
    labels: Mapping[str, str]
    drift: tuple[str, ...] = ()


class ListedSchedule(NamedTuple):
    """A Schedule, what it asks for now and next, and how many environments follow it."""

    name: str
    timezone: str
    wanted: str
    next_at: datetime | None
    next_wanted: str
    hours_per_week: float | None
    """Hours on in an ordinary week; None where it cannot be read."""
    environments: int
    description: str
    overrides: tuple[Override, ...]
    labels: Mapping[str, str]
    drift: tuple[str, ...] = ()


class ListedAccount(NamedTuple):
    """An account, how far changes go in it, and how many environments are in it."""

    name: str
    account_number: str
    mode: str
    """``off``, ``observe`` or ``enforce``."""
    regions: tuple[str, ...]
    environments: int
    role_arn: str
    overrides: tuple[Override, ...]
    labels: Mapping[str, str]
    drift: tuple[str, ...] = ()


class ListedOverride(NamedTuple):
    """A part of an override, and whose its object is; empty where it is nobody's."""

    override: Override
    team: str
    account: str
    labels: Mapping[str, str]


Listed = ListedEnvironment | ListedService | ListedSchedule | ListedAccount | ListedOverride


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """What to list; empty for all. Labels must all fit."""

    account: str = ""
    """Name; of an account itself also its number."""
    team: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def fits(self, listed: Any) -> bool:
        """Tell whether an object is to be listed whose kind has what is asked about."""
        accounts = (
            (listed.name, listed.account_number)
            if isinstance(listed, ListedAccount)
            else (getattr(listed, "account", ""),)
        )
        return (
            (not self.account or self.account in accounts)
            and (not self.team or listed.team == self.team)
            and all(listed.labels.get(name) == value for name, value in self.labels.items())
        )


class _List(NamedTuple):
    kind: str
    """Of which each row is one; empty where they are no documents."""
    rows: Callable[[AcceptedState, datetime], Iterable[Listed]]
    has_account: bool = False
    has_team: bool = False


def drifted_in(config: ObservedState) -> frozenset[ResourceRef]:
    """Return the objects of ours of which others changed an item in the tables since it was applied last, as far as their marks tell."""
    return frozenset(
        ref
        for ref, found in config.objects.items()
        if found.ownership is Ownership.OURS and found.mark and found.digest != found.mark.digest
    )


def listed_in(
    what: str,
    accepted: AcceptedState,
    now: datetime,
    wanted: ListFilter,
    drifted: AbstractSet[ResourceRef] = frozenset(),
) -> tuple[Any, ...]:
    """Return what there is of one of ``LISTS``, by name; ``drifted`` are the objects that others changed.

    Raises WrongUsage for a filter by what it does not have.
    """
    found = LISTS[what]
    for option, asked, has in (
        ("--account", wanted.account, found.has_account),
        ("--team", wanted.team, found.has_team),
    ):
        if asked and not has:
            raise WrongUsage(f"{option}: {what} have none", fix="leave it out")
    fitting = (listed for listed in found.rows(accepted, now) if wanted.fits(listed))
    names = {ref.key for ref in drifted if ref.kind == found.kind}
    return tuple(
        listed
        if isinstance(listed, ListedOverride) or listed.name not in names
        else listed._replace(drift=(ITEM,))
        for listed in fitting
    )


def _environments(accepted: AcceptedState, now: datetime) -> Iterator[ListedEnvironment]:
    """Yield every environment that can be read back. What is written as noschedule stays so, as power has it."""
    outlook, held = _Outlook(accepted, now), _held(accepted)
    for ref in accepted.of_kind("Environment"):
        spec, kind = accepted.specs.get(ref), accepted.type_of(ref.key)
        if spec is None:
            continue
        written = (accepted.written.specs.get(ref) or spec).schedule
        left_alone = written.mode == State.NOSCHEDULE
        chosen = outlook.of(written if left_alone else spec.schedule)
        overrides = held.get(ref, ())
        wanted, following = RETIRED, None
        if spec.lifecycle != RETIRED:
            wanted = chosen.wanted
            following = chosen.following
            if overrides and not left_alone:
                following = outlook.following(ref)
        yield ListedEnvironment(
            name=ref.key,
            account="" if kind is None else kind.account,
            region="" if kind is None else kind.region or accepted.options.default_region,
            environment_type=spec.environment_type,
            team=spec.owning_cluster,
            deployment_map=spec.deployment_map,
            schedule=chosen.followed.label,
            wanted=wanted,
            next_at=following.at if following else None,
            next_wanted=following.wanted if following else "",
            overrides=overrides,
            accepted=accepted,
        )


def _services(accepted: AcceptedState, _now: datetime) -> Iterator[ListedService]:
    held = _held(accepted)
    for ref in accepted.of_kind("Service"):
        if (spec := accepted.specs.get(ref)) is not None:
            yield ListedService(
                name=ref.key,
                team=spec.owning_cluster,
                blue_port=spec.blue_port,
                green_port=spec.green_port,
                description=spec.description or "",
                overrides=held.get(ref, ()),
                labels=_labels(ref, accepted),
            )


def _schedules(accepted: AcceptedState, now: datetime) -> Iterator[ListedSchedule]:
    held = _held(accepted)
    specs = (accepted.specs.get(ref) for ref in accepted.of_kind("Environment"))
    users = Counter(spec.schedule.use for spec in specs if spec and spec.lifecycle != RETIRED)
    for ref in accepted.of_kind("Schedule"):
        if (spec := accepted.specs.get(ref)) is None:
            continue
        schedule = compiled(ScheduleChoice(use=ref.key), accepted)
        following = _next(schedule, now)
        yield ListedSchedule(
            name=ref.key,
            timezone=schedule.zone if isinstance(schedule, Schedule) else "",
            wanted=_wanted(schedule, now),
            next_at=following.at if following else None,
            next_wanted=following.wanted if following else "",
            hours_per_week=hours_per_week(schedule, now)
            if isinstance(schedule, Schedule) and schedule.fixed is None
            else None,
            environments=users[ref.key],
            description=spec.description or "",
            overrides=held.get(ref, ()),
            labels=_labels(ref, accepted),
        )


def _accounts(accepted: AcceptedState, _now: datetime) -> Iterator[ListedAccount]:
    held = _held(accepted)
    regions: dict[str, set[str]] = {}
    for ref in accepted.of_kind("EnvironmentType"):
        if (kind := accepted.specs.get(ref)) is not None:
            region = kind.region or accepted.options.default_region
            regions.setdefault(kind.account, set()).add(region)
    types = (accepted.type_of(ref.key) for ref in accepted.of_kind("Environment"))
    counts = Counter(kind.account for kind in types if kind is not None)
    for ref in accepted.of_kind("Account"):
        if (spec := accepted.specs.get(ref)) is not None:
            yield ListedAccount(
                name=ref.key,
                account_number=spec.account_number,
                mode=spec.mode or DEFAULT_MODE,
                regions=tuple(sorted({*regions.get(ref.key, ()), *(spec.regions or ())})),
                environments=counts[ref.key],
                role_arn=spec.role_arn or "",
                overrides=held.get(ref, ()),
                labels=_labels(ref, accepted),
            )


def _overrides(accepted: AcceptedState, _now: datetime) -> Iterator[ListedOverride]:
    for override in accepted.overrides:
        ref = override.ref
        spec = accepted.specs.get(ref)
        account = ref.key.partition("/")[0] if ref.kind in (*LIVE, "Account") else ""
        kind = accepted.type_of(ref.key) if ref.kind == "Environment" else spec
        yield ListedOverride(
            override,
            getattr(spec, "owning_cluster", ""),
            account or getattr(kind, "account", ""),
            _labels(ref, accepted),
        )


LISTS: Final[Mapping[str, _List]] = {
    "environments": _List("Environment", _environments, has_account=True, has_team=True),
    "services": _List("Service", _services, has_team=True),
    "schedules": _List("Schedule", _schedules),
    "accounts": _List("Account", _accounts, has_account=True),
    "overrides": _List("", _overrides, has_account=True, has_team=True),
}
"""What can be listed."""


def _held(accepted: AcceptedState) -> Mapping[ResourceRef, tuple[Override, ...]]:
    held: dict[ResourceRef, tuple[Override, ...]] = {}
    for override in accepted.overrides:
        held[override.ref] = (*held.get(override.ref, ()), override)
    return held


def _labels(ref: ResourceRef, accepted: AcceptedState) -> Mapping[str, str]:
    found = accepted.resources.get(ref)
    metadata = {} if found is None else parse_canonical(found.document).get("metadata", {})
    return metadata.get("labels") or {}


class _Following(NamedTuple):
    at: datetime
    wanted: str


class _Choice(NamedTuple):
    """What a choice of a schedule follows, and asks for now and next."""

    followed: FollowedSchedule
    wanted: str
    following: _Following | None


class _Outlook:
    """What choices of schedules ask for now and next; many environments choose the same."""

    def __init__(self, accepted: AcceptedState, now: datetime) -> None:
        self._accepted = accepted
        self._now = now
        self._known: dict[tuple[object, ...], _Choice] = {}

    def of(self, choice: ScheduleChoice) -> _Choice:
        # The model's own hash and equality take longer than all the rest of a row.
        key = tuple(vars(choice).values())
        found = self._known.get(key)
        if found is None:
            followed = of_choice(choice, self._accepted)
            wanted = _wanted(followed.schedule, self._now)
            found = _Choice(followed, wanted, _next(followed.schedule, self._now))
            self._known[key] = found
        return found

    def following(self, ref: ResourceRef) -> _Following | None:
        """Return the next switch of an environment on which overrides hold: where one of them ends it may switch."""
        coming = next(switches(phases(ref, self._accepted, self._now)), None)
        if coming is None:
            return None
        return _Following(coming.at, INVALID if coming.state is None else coming.state.value)


def _wanted(schedule: Compiled, at: datetime) -> str:
    return INVALID if isinstance(schedule, InvalidSchedule) else state_at(schedule, at).value


def _next(schedule: Compiled, after: datetime) -> _Following | None:
    if isinstance(schedule, InvalidSchedule):
        return None
    try:
        change = next_change(schedule, after)
    except ScheduleNeverRuns:
        return None
    return _Following(change.at, change.state.value) if change else None
