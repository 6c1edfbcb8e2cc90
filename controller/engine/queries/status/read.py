"""Status read from the tables alone: it costs the same whether accounts answer or not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from controller import __version__
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.finding import reasons, scope_counts_of, worst
from controller.engine.live.journal import OPEN_PREFIX
from controller.engine.live.observe import live_scopes
from controller.engine.live.planner import LivePlanOptions, LiveScopePlan
from controller.engine.queries.status.schedule_outlook import power_outlook
from controller.engine.queries.status.view import (
    LookedScope,
    PowerView,
    ScopeLine,
    SourceView,
    StatusView,
    storm_views,
)
from controller.engine.state.rows import (
    FLIPS_PREFIX,
    OVERRIDE_PREFIX,
    STATUS_PREFIX,
    history_of_row,
    override_of_row,
    statuses_in,
)
from controller.errors import EnvctlError
from controller.ledger.heads import HEAD_PREFIX, head_of_row
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import Head
from controller.model.observed import CONFIG_SCOPE
from controller.model.override import Override
from controller.model.plan import NoteCategory
from controller.ports import Source

NO_SOURCE: Final = SourceView("", "none", "the settings name no source")

Rows = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class StatusRead:
    """What was read: the view, and the accepted state behind it, None where the config tables could not be read."""

    view: StatusView
    accepted: AcceptedState | None


def read_status(
    installation: Installation,
    accounts: LiveAccounts,
    source: Source | None,
    now: datetime,
) -> StatusRead:
    """Read how everything stands. The source is asked once whether it has another revision; nothing of it is read.

    Raises as reading EnvctlState: without that nothing is known. Config tables that cannot be read, and a source that
    does not answer, are part of the answer.
    """
    master = installation.master
    rows = {str(row["Id"]): row for row in master.store.scan(master.state_table)}
    overrides = _overrides(rows, now)
    accepted, unreadable = _accepted(installation, accounts, overrides, now)
    scopes = _scopes(rows, _known(accepted, installation))
    config = next((scope.status for scope in scopes if scope.name == CONFIG_SCOPE), None)
    view = StatusView(
        at=now,
        version=__version__,
        installation=installation.id,
        source=_source(source, config.revision if config else ""),
        scopes=scopes,
        overrides=overrides,
        storms=storm_views(
            {
                name.removeprefix(FLIPS_PREFIX): history_of_row(row)
                for name, row in rows.items()
                if name.startswith(FLIPS_PREFIX)
            },
            now,
        ),
        power=_power(accepted, now),
        unreadable=unreadable,
        replicas=master.settings.targets.replicas != "off",
    )
    return StatusRead(view, accepted)


def _overrides(rows: Rows, now: datetime) -> tuple[Override, ...]:
    found = [override_of_row(row) for name, row in rows.items() if name.startswith(OVERRIDE_PREFIX)]
    holding = (override for override in found if override.until is None or override.until > now)
    return tuple(
        sorted(holding, key=lambda override: (str(override.ref), override.path, override.id))
    )


def _accepted(
    installation: Installation,
    accounts: LiveAccounts,
    overrides: Iterable[Override],
    now: datetime,
) -> tuple[AcceptedState | None, str]:
    try:
        return accounts.accepted(installation.tables.observe(), now, overrides), ""
    except EnvctlError as error:
        return None, str(error)


def _known(accepted: AcceptedState | None, installation: Installation) -> frozenset[str] | None:
    """Return the names of the scopes there are to be; None where that cannot be told."""
    if accepted is None:
        return None
    setups = live_scopes(accepted, installation.master.settings)
    return frozenset({CONFIG_SCOPE, *(setup.scope.name for setup in setups)})


def _scopes(rows: Rows, known: frozenset[str] | None) -> tuple[ScopeLine, ...]:
    statuses = statuses_in(row for name, row in rows.items() if name.startswith(STATUS_PREFIX))
    names = {CONFIG_SCOPE, *statuses, *(known or ())}
    return tuple(
        ScopeLine(
            name=name,
            status=statuses.get(name),
            head=_head(name, rows),
            open_records=len(rows.get(OPEN_PREFIX + name, {}).get("Records", ())),
            known=known is None or name in known,
        )
        for name in sorted(names, key=lambda scope: (scope != CONFIG_SCOPE, scope))
    )


def _head(scope: str, rows: Rows) -> Head | None:
    row = rows.get(HEAD_PREFIX + scope)
    try:
        return head_of_row(scope, dict(row)) if row else None
    except EnvctlError:
        # A damaged head, or one of a newer controller, is doctor's to tell; the rest of status holds all the same.
        return None


def _source(source: Source | None, applied: str) -> SourceView:
    if source is None:
        return NO_SOURCE
    try:
        changed = source.changed_since(applied or None)
    except EnvctlError as error:
        return SourceView(source.name, "unreachable", str(error))
    return SourceView(source.name, "changed" if changed else "current")


def _power(accepted: AcceptedState | None, now: datetime) -> PowerView | None:
    return None if accepted is None else power_outlook(accepted, now)


def with_look(read: StatusRead, accounts: LiveAccounts) -> StatusView:
    """Look at every account now and return the status with what is there. Raises as reading the controller's own rows."""
    if read.accepted is None:
        return read.view
    setups = accounts.scopes(read.accepted)
    run = accounts.plan(read.accepted, setups, LivePlanOptions(now=read.view.at))
    at = read.view.at
    looked = {scope.setup.scope.name: _looked(scope, at) for scope in run.scopes if scope.plans}
    return replace(read.view, looked=looked)


def _looked(scope: LiveScopePlan, at: datetime) -> LookedScope:
    state = worst(scope)
    return LookedScope(
        state=state,
        reason="\n".join(reasons(scope, state)),
        changes=sum(len(plan.changes) for plan in scope.plans),
        blocked=sum(
            note.category is NoteCategory.BLOCKED for plan in scope.plans for note in plan.notes
        ),
        seen=scope_counts_of(scope, at),
    )
