"""Hours on and off by environment, from the ledger: what schedules saved against running all the time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from controller.engine.power.fleet import AcceptedNow, CachedLook, FleetEvaluation
from controller.engine.queries.schedules.exceptions import Belongs, Filter, belongs_of
from controller.ledger.power_hours import PowerHours, Present, power_hours
from controller.ledger.queries import LedgerReader
from controller.ledger.questions import OfEntity, Period
from controller.ledger.records import POWER, EntityKey
from controller.model.accepted import AcceptedState
from controller.model.ref import ResourceRef

_ON: Final = frozenset({"running", "pending"})


class ReportLine(NamedTuple):
    """One environment. Costs are None where the settings have no price for one of its types."""

    belongs: Belongs
    scope: str
    instances: int
    hours_on: float
    hours_off: float
    cost: float | None
    saved: float | None
    assumed: int
    """Instances of which nothing was recorded: taken as they are now, from their last start on."""


@dataclass(frozen=True, slots=True)
class ScheduleReport:
    """All environments of a period. Hours are instance hours; off is what was saved against always-on.

    An instance counts while it was there, as far as that is known.
    """

    since: datetime
    until: datetime
    lines: tuple[ReportLine, ...]
    unknown: Mapping[str, str]
    """Scopes that could not be looked at -> why."""

    @property
    def hours_on(self) -> float:
        """Return the hours on of all."""
        return sum(line.hours_on for line in self.lines)

    @property
    def hours_off(self) -> float:
        """Return the hours off of all."""
        return sum(line.hours_off for line in self.lines)

    @property
    def cost(self) -> float | None:
        """Return what all cost; None if nothing has a price."""
        return _sum(line.cost for line in self.lines)

    @property
    def saved(self) -> float | None:
        """Return what was saved; None if nothing has a price."""
        return _sum(line.saved for line in self.lines)


def report_now(state: AcceptedNow, days: int, now: datetime, wanted: Filter) -> ScheduleReport:
    """Look at all accounts and report the last days, with the prices of the settings. Raises as ``report_of``."""
    installation = state.accounts.installation
    return report_of(
        CachedLook(state, now).evaluate(),
        state.accepted,
        installation.ledger,
        now - timedelta(days=days),
        now,
        wanted,
        installation.master.settings.prices,
    )


def report_of(
    fleet: FleetEvaluation,
    accepted: AcceptedState,
    ledger: LedgerReader,
    since: datetime,
    until: datetime,
    wanted: Filter,
    prices: Mapping[str, float],
) -> ScheduleReport:
    """Return the report. Raises as asking the ledger: one query for each environment, and its records."""
    lines = []
    for scope, seen in fleet.scopes.items():
        present: dict[str, dict[str, Present]] = {}
        types: dict[str, str] = {}
        for judged in seen.instances:
            if judged.environment:
                ref = str(ResourceRef("Instance", f"{scope}/{judged.instance.instance_id}"))
                on = judged.instance.state in _ON
                found = Present(on, judged.instance.launched_at)
                present.setdefault(judged.environment, {})[ref] = found
                types[ref] = judged.instance.instance_type
        for environment, instances in sorted(present.items()):
            belongs = belongs_of(environment, accepted)
            if not wanted.fits(belongs):
                continue
            key = EntityKey(POWER, f"{scope}/{environment}", None)
            lines_of_power = ledger.all(OfEntity((key,), Period(since, until)))
            records = ledger.whole(line for line in lines_of_power if line.phase == "succeeded")
            hours = power_hours(records, instances, since, until)
            lines.append(_line(belongs, scope, hours, types, prices))
    dark = {name: scope.reason.message for name, scope in fleet.unreachable.items()}
    return ScheduleReport(since, until, tuple(lines), dark)


def _line(
    belongs: Belongs,
    scope: str,
    hours: Mapping[str, PowerHours],
    types: Mapping[str, str],
    prices: Mapping[str, float],
) -> ReportLine:
    priced = [(hour, prices.get(types.get(ref, ""))) for ref, hour in hours.items()]
    known = [(hour, price) for hour, price in priced if price is not None]
    return ReportLine(
        belongs=belongs,
        scope=scope,
        instances=len(hours),
        hours_on=sum(hour.on for hour in hours.values()),
        hours_off=sum(hour.off for hour in hours.values()),
        cost=sum(hour.on * price for hour, price in known) if known else None,
        saved=sum(hour.off * price for hour, price in known) if known else None,
        assumed=sum(not hour.recorded for hour in hours.values()),
    )


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
