"""Status read from the tables and the list of snapshots: it costs the same whether accounts answer or not."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from controller import __version__
from controller.decisions.coming_schedules import phases, switches
from controller.decisions.power_map import compiled
from controller.engine.installation.installation import Installation, Master
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.finding import reasons, scope_counts_of, worst
from controller.engine.live.planner import LivePlanOptions, LiveScopePlan
from controller.engine.queries.status.view import (
    ArchiveView,
    LookedScope,
    PowerView,
    ScopeLine,
    SnapshotView,
    SourceView,
    StatusView,
    Switch,
    storms_in,
)
from controller.engine.snapshots.places import newest_proven, open_store
from controller.engine.state.damaged_overrides import readable_rows, recorded_in, sorted_out
from controller.engine.state.notification_rows import alerts_in, sinks_in
from controller.engine.state.open_records import OPEN_PREFIX, open_records_of_row
from controller.engine.state.override_rows import override_rows_in
from controller.engine.state.rows import statuses_in
from controller.engine.streams.checkpoint import CHECKPOINT_PREFIX, checkpoint_of_row
from controller.errors import DamagedState, EnvctlError, ScopeFromTheFuture
from controller.ledger.archived.archive import ARCHIVES_ROW, archived_of_row
from controller.ledger.heads import HEAD_PREFIX, head_of_row
from controller.model.accepted import AcceptedState
from controller.model.alert import KnownAlert
from controller.model.observed import CONFIG_SCOPE, ScopeStatus
from controller.model.override import Override
from controller.model.plan import NoteCategory
from controller.ports import Source
from controller.scheduling.schedule import InvalidSchedule, State
from controller.scheduling.timeline import state_at
from controller.scheduling.wakeups import Wakeups

NO_SOURCE: Final = SourceView("", "none", "the settings name no source")

TABLES_KEPT: Final = timedelta(seconds=30)
"""What others write into the tables, and whether these can be read, is seen so late."""

Rows = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class StatusRead:
    """What was read: the view, and the accepted state behind it, None where the config tables could not be read.

    ``tables_at`` is when these were read.
    """

    view: StatusView
    accepted: AcceptedState | None
    tables_at: datetime


def read_status(
    installation: Installation,
    accounts: LiveAccounts,
    source: Source | None,
    now: datetime,
    before: StatusRead | None = None,
) -> StatusRead:
    """Read how everything stands. The source is asked once whether it has another revision; nothing of it is read.

    The config tables are not read again where nothing was recorded of them since ``before``, which is younger than
    ``TABLES_KEPT``. Raises as reading EnvctlState. Config tables, a source or a store of snapshots that cannot be read are part of the answer.
    """
    master = installation.master
    rows = {str(row["Id"]): row for row in master.store.scan(master.state_table)}
    recorded = recorded_in(installation.ledger, master.state_table)
    found, damaged = sorted_out(readable_rows(override_rows_in(rows.values()), recorded))
    overrides = _holding(found, now)
    accepted, known, unreadable, tables_at = None, None, "", now
    try:
        if damaged:
            raise next(iter(damaged.values()))
        if before is not None and _stands(before, rows, overrides, now):
            accepted, tables_at = before.accepted, before.tables_at
        if accepted is None:
            accepted = accounts.accepted(installation.tables.observe(), now, overrides)
        setups = accounts.scopes(accepted)
        known = frozenset({CONFIG_SCOPE, *(setup.scope.name for setup in setups)})
    except EnvctlError as error:
        unreadable = str(error)
    scopes = _scopes(rows, known)
    config = next((scope.status for scope in scopes if scope.name == CONFIG_SCOPE), None)
    view = StatusView(
        at=now,
        version=__version__,
        installation=installation.id,
        source=_source(source, config.revision if config else ""),
        scopes=scopes,
        overrides=overrides,
        storms=storms_in(rows, now),
        power=None if accepted is None else power_outlook(accepted, now),
        unreadable=unreadable,
        replicas=master.settings.targets.replicas != "off",
        snapshot=_snapshot(master),
        alerts=_alerts(rows),
        streams_read_until=_streams_read_until(rows),
        archive=archive_in(rows),
        failing_sinks=tuple(found for found in sinks_in(rows.values()) if found.failures),
    )
    return StatusRead(view, accepted, tables_at)


def _holding(found: Iterable[Override], now: datetime) -> tuple[Override, ...]:
    """Return the overrides that have not ended, by what they are of."""
    holding = (override for override in found if override.until is None or override.until > now)
    return tuple(
        sorted(holding, key=lambda override: (str(override.ref), override.path, override.id))
    )


def _stands(before: StatusRead, rows: Rows, overrides: tuple[Override, ...], now: datetime) -> bool:
    """Tell whether what was accepted before is what is accepted now, as far as is on record."""
    last, head = before.view.scopes[0].head, _scope(CONFIG_SCOPE, rows, None, True).head
    return (
        last is not None
        and head is not None
        and head.sequence == last.sequence
        and before.view.overrides == overrides
        and before.tables_at <= now < before.tables_at + TABLES_KEPT
    )


def _alerts(rows: Rows) -> tuple[KnownAlert, ...]:
    known = alerts_in(rows.values())
    return tuple(known[key] for key in sorted(known) if known[key].cleared_at is None)


def _streams_read_until(rows: Rows) -> datetime | None:
    moments = []
    for name, row in rows.items():
        if name.startswith(CHECKPOINT_PREFIX):
            # A damaged one says nothing; whoever reads that stream says so.
            with suppress(DamagedState):
                moments.append(checkpoint_of_row(name, row).read_until)
    known = [moment for moment in moments if moment is not None]
    return min(known, default=None) if len(known) == len(moments) else None


def archive_in(rows: Rows) -> ArchiveView | None:
    """Return how far the ledger was moved to segments, from rows of EnvctlState by their ``Id``; None where nothing was."""
    try:
        reached = archived_of_row(rows.get(ARCHIVES_ROW["Id"], {}))
    except DamagedState as error:
        return ArchiveView(detail=error.message)
    if not reached:
        return None
    return ArchiveView(
        sum(to.sequence for to in reached.values()),
        len(reached),
        max(datetime.fromisoformat(to.at) for to in reached.values()),
    )


def _snapshot(master: Master) -> SnapshotView | None:
    if not master.settings.snapshots.is_placed:
        return None
    try:
        manifest = newest_proven(open_store(master))
    except EnvctlError as error:
        return SnapshotView(detail=error.message)
    if manifest is None:
        return SnapshotView()
    return SnapshotView(manifest.id, manifest.created_at, manifest.items, manifest.stored_bytes)


def _scopes(rows: Rows, known: frozenset[str] | None) -> tuple[ScopeLine, ...]:
    statuses = statuses_in(rows.values())
    names = {CONFIG_SCOPE, *statuses, *(known or ())}
    return tuple(
        _scope(name, rows, statuses.get(name), known is None or name in known)
        for name in sorted(names, key=lambda scope: (scope != CONFIG_SCOPE, scope))
    )


def _scope(name: str, rows: Rows, status: ScopeStatus | None, known: bool) -> ScopeLine:
    head_row, open_row = rows.get(HEAD_PREFIX + name), rows.get(OPEN_PREFIX + name, {})
    head, open_records, damaged, newer = None, 0, "", ""
    try:
        try:
            head = head_of_row(name, head_row) if head_row else None
        except ScopeFromTheFuture as error:
            # The rest of status holds all the same.
            newer = error.message
        open_records = len(open_records_of_row(open_row))
    except DamagedState as error:
        damaged = error.message
    return ScopeLine(
        name=name,
        status=status,
        head=head,
        open_records=open_records,
        known=known,
        damaged=damaged,
        newer=newer,
    )


def _source(source: Source | None, applied: str) -> SourceView:
    if source is None:
        return NO_SOURCE
    try:
        changed = source.changed_since(applied or None)
    except EnvctlError as error:
        return SourceView(source.name, "unreachable", str(error))
    return SourceView(source.name, "changed" if changed else "current")


def with_look(read: StatusRead, accounts: LiveAccounts) -> StatusView:
    """Look at every account now and return the status with what is there. Raises as reading the controller's own rows."""
    if read.accepted is None:
        return read.view
    setups = accounts.scopes(read.accepted)
    run = accounts.plan(read.accepted, setups, LivePlanOptions(now=read.view.at))
    looked = {s.setup.scope.name: _looked(s, run.asked) for s in run.scopes if s.plans}
    return replace(read.view, looked=looked)


def _looked(scope: LiveScopePlan, asked: LivePlanOptions) -> LookedScope:
    state = worst(scope)
    return LookedScope(
        state=state,
        reason="\n".join(reasons(scope, state)),
        changes=sum(len(plan.changes) for plan in scope.plans),
        blocked=sum(note.category is NoteCategory.BLOCKED for note in scope.notes),
        seen=scope_counts_of(scope, asked),
    )


SWITCHES_SHOWN = 2


def power_outlook(accepted: AcceptedState, now: datetime) -> PowerView:
    """Return how many environments schedules ask to be on and off, and the next switches. Retired ones do not count.

    Overrides count while they hold; where one ends its environment may switch.
    """
    counts = dict.fromkeys(State, 0)
    invalid: dict[str, str] = {}
    wakeups: Wakeups[str] = Wakeups()
    ends: dict[datetime, dict[str, State]] = {}
    overridden = {override.ref for override in accepted.overrides}
    for ref in accepted.of_kind("Environment"):
        name, spec = ref.key, accepted.specs[ref]
        if spec.lifecycle == "retired":
            continue
        schedule = compiled(spec.schedule, accepted)
        if isinstance(schedule, InvalidSchedule):
            invalid[name] = str(schedule)
            continue
        counts[state_at(schedule, now)] += 1
        if ref not in overridden:
            wakeups.put(name, schedule, now)
            continue
        for at, state in islice(switches(phases(ref, accepted, now)), SWITCHES_SHOWN):
            if state is not None:
                ends.setdefault(at, {})[name] = state
    on, off = counts[State.ON], counts[State.OFF]
    return PowerView(
        on=on,
        off=off,
        unscheduled=sum(counts.values()) - on - off,
        invalid=invalid,
        next=tuple(_switches(wakeups, ends)),
    )


def _switches(
    wakeups: Wakeups[str], ends: Mapping[datetime, Mapping[str, State]]
) -> Iterable[Switch]:
    last = datetime.min.replace(tzinfo=UTC)
    for _ in range(SWITCHES_SHOWN):
        next_at = wakeups.next_at()
        moments = [at for at in (*ends, *([next_at] if next_at else ())) if at > last]
        if not moments:
            return
        last = min(moments)
        states = {
            **{wakeup.key: wakeup.state for wakeup in wakeups.due(last)},
            **ends.get(last, {}),
        }
        yield Switch(
            last,
            tuple(sorted(name for name, state in states.items() if state is State.ON)),
            tuple(sorted(name for name, state in states.items() if state is State.OFF)),
        )
