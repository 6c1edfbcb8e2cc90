"""Which alerts stand now: read off the controller's own rows, so that every daemon says the same. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from controller.engine.queries.status.view import storms_in
from controller.engine.state.job_rows import job_ends_in
from controller.engine.state.override_rows import override_rows_in, overrides_of_row
from controller.engine.state.rows import statuses_in
from controller.errors import DamagedState, ScopeFromTheFuture
from controller.ledger.heads import HEAD_PREFIX, head_of_row
from controller.model.alert import Alert, AlertKey, AlertKind
from controller.model.observed import CONFIG_SCOPE, ScopeState, ScopeStatus
from controller.model.override import Override
from controller.model.work import Job
from controller.planning.overrides import ending_soon, wholes
from controller.planning.wording import objects_text

TRIES: Final = 2
"""What may pass by itself is told once so many tries in a row have failed."""

Rows = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the rows do not say."""

    now: datetime
    scopes: Collection[str]
    """Those of desired and applied accounts, and ``config``: what is left of others concerns nobody."""
    dead_letters: int
    announce_within: timedelta


def standing_alerts(rows: Rows, around: Around) -> tuple[Alert, ...]:
    """Return the alerts that stand, by kind and subject. ``rows`` are those of EnvctlState, by ``Id``; damaged ones are passed over."""
    found = [
        *_of_scopes(rows, around),
        *_of_heads(rows),
        *_of_storms(rows, around.now),
        *_of_overrides(rows, around),
        *_of_jobs(rows),
    ]
    if around.dead_letters:
        said = "1 work lies" if around.dead_letters == 1 else f"{around.dead_letters} works lie"
        text = f"{said} among the dead letters: trying again would not help"
        found.append(_alert(AlertKind.DEAD_LETTERS, "", text, "envctl doctor"))
    return tuple(sorted(found, key=lambda alert: alert.key))


def next_moment(rows: Rows, around: Around) -> datetime | None:
    """Return when alerts begin or are over by the clock alone: overrides that end, storms that pass. None if none will."""
    held = (override.until for override in _readable(rows) if override.until is not None)
    moments = [moment for until in held for moment in (until - around.announce_within, until)]
    moments += [storm.until for storm in storms_in(rows, around.now)]
    return min((moment for moment in moments if moment > around.now), default=None)


def _of_scopes(rows: Rows, around: Around) -> Iterator[Alert]:
    for scope, status in statuses_in(rows.values()).items():
        if scope not in around.scopes:
            continue
        plan = "envctl plan" if scope == CONFIG_SCOPE else f"envctl plan --scope {scope}"
        why = status.reason.message
        if status.state is ScopeState.REFUSED:
            yield _alert(AlertKind.GUARD_REFUSED, scope, why, plan)
        if status.state is ScopeState.UNKNOWN and status.failures >= TRIES:
            yield _alert(AlertKind.SCOPE_UNKNOWN, scope, why, f"envctl doctor {scope}")
        if status.state is ScopeState.STALLED and status.failures >= TRIES:
            is_source = scope == CONFIG_SCOPE
            kind = AlertKind.SOURCE_STALLED if is_source else AlertKind.SCOPE_STALLED
            # What was planned, and not written to the end, is not for its documents to mend.
            is_wrong = is_source and not status.changes
            yield _alert(kind, scope, why, "envctl validate" if is_wrong else plan)
        if (off := _instances_off(status)) is not None:
            yield _alert(AlertKind.INSTANCES_OFF, scope, off, plan)


def _instances_off(status: ScopeStatus) -> str | None:
    """Say how many instances are off that should be on, once two looks in a row saw some; None otherwise."""
    seen = status.seen
    if not status.lacks_instances or seen is None or seen.off_since is None:
        return None
    said = "1 instance is" if seen.to_start == 1 else f"{seen.to_start} instances are"
    return f"{said} off and should be on, some since {seen.off_since:%Y-%m-%d %H:%M} UTC"


def _of_heads(rows: Rows) -> Iterator[Alert]:
    for name, row in rows.items():
        if not name.startswith(HEAD_PREFIX):
            continue
        scope = name.removeprefix(HEAD_PREFIX)
        try:
            head_of_row(scope, row)
        except ScopeFromTheFuture as error:
            yield _alert(AlertKind.SCOPE_FROM_THE_FUTURE, scope, error.message, "envctl version")
        except DamagedState:
            # Status and doctor tell of it, with the row's name.
            continue


def _of_storms(rows: Rows, now: datetime) -> Iterator[Alert]:
    for storm in storms_in(rows, now):
        text = (
            f"{storm.ref} in {storm.scope} was changed back and forth {storm.flips} times:"
            f" left alone until {storm.until:%Y-%m-%d %H:%M} UTC"
        )
        subject = f"{storm.scope} {storm.ref}"
        yield _alert(
            AlertKind.DRIFT_STORM, subject, text, f"envctl audit list --entity {storm.ref}"
        )


def _of_overrides(rows: Rows, around: Around) -> Iterator[Alert]:
    for parts in wholes(ending_soon(_readable(rows), around.now, around.announce_within)):
        first = parts[0]
        assert first.until is not None, "only what has a time ends soon"
        what = f"{first.ref} {first.path}".rstrip() if len(parts) == 1 else objects_text(parts)
        text = f"{what} is as documents and schedules say again from {first.until:%H:%M} UTC on"
        yield _alert(AlertKind.OVERRIDE_ENDS_SOON, first.whole_id, text, "envctl override list")


def _readable(rows: Rows) -> Iterator[Override]:
    for row in override_rows_in(rows.values()):
        try:
            yield from overrides_of_row(row)
        except DamagedState:
            # Config is unknown then, which is told.
            continue


def _of_jobs(rows: Rows) -> Iterator[Alert]:
    end = job_ends_in(rows.values()).get(Job.SNAPSHOT)
    if end is not None and end.because:
        why = end.because.message
        last = f"; the last good one is of {end.done_at:%Y-%m-%d %H:%M} UTC" if end.done_at else ""
        text = f"the snapshot of {end.at:%Y-%m-%d %H:%M} UTC failed: {why}{last}"
        yield _alert(AlertKind.SNAPSHOT_FAILED, "", text, "envctl snapshot create")


def _alert(kind: AlertKind, subject: str, text: str, step: str) -> Alert:
    return Alert(AlertKey(kind, subject), text or kind.value, step)
