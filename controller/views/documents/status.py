"""Status as programs read it: stable, more may be added. What is not known is null. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, TypedDict

from controller.engine.installation.installation import SettingLine
from controller.engine.queries.status.view import (
    UNSEEN,
    ArchiveView,
    LookedScope,
    ScopeLine,
    SnapshotView,
    SourceView,
    StatusView,
    StormView,
    Switch,
)
from controller.model.alert import AlertKind, KnownAlert, runbook_of
from controller.model.observed import ScopeCounts, ScopeState
from controller.planning.overrides import wholes
from controller.views.conditions import (
    ConditionReason,
    ConditionStatus,
    ConditionType,
    conditions_of,
)
from controller.views.documents.envelope import filled
from controller.views.override_text import OverrideObject, override_json
from controller.views.scope_text import next_step, what_of
from controller.views.style import command_text

Name = Annotated[str, "`config` or `<account>/<region>`."]


class AppliedObject(TypedDict):
    """What was applied last to the config tables."""

    revision: str
    at: datetime | None


class LedgerObject(TypedDict):
    """The head of a scope's ledger."""

    records: int
    hash: str
    epoch: int
    owner: Annotated[str, "Who works on the scope; empty if nobody does."]
    leaseUntil: datetime | None


class ConditionObject(TypedDict):
    """One of three: Ready (as accepted), Reconciling (we are at it), Stalled (somebody is needed)."""

    type: ConditionType
    status: ConditionStatus
    reason: Annotated[str, tuple(ConditionReason)]
    message: Annotated[str, "For people; empty where there is no more to say."]


class ScopeObject(TypedDict):
    """How a scope stands."""

    scope: Name
    state: Annotated[str, (*ScopeState, UNSEEN)]
    inOrder: bool
    conditions: Annotated[list[ConditionObject], "Ready, Reconciling, Stalled."]
    known: Annotated[bool, "False: no account names it any more."]
    what: Annotated[str, "Why it is not in order, in a line; empty if it is."]
    next: Annotated[str, "What to type about it; empty if nothing."]
    reason: str
    changes: int | None
    blocked: int | None
    failures: Annotated[int | None, "Tries in a row that did not end well."]
    revision: str
    since: datetime | None
    lookedAt: datetime | None
    triedAt: datetime | None
    appliedAt: datetime | None
    leftSince: Annotated[datetime | None, "Since when changes were left undone by every look."]
    retryAt: datetime | None
    openRecords: Annotated[int, "Changes announced and not ended."]
    ledger: LedgerObject | None
    seen: Annotated[ScopeCounts | None, "What the last look counted."]
    look: Annotated[LookedScope | None, "What --look found."]


class PowerObject(TypedDict):
    """What accepted schedules ask of environments now, and what comes next."""

    environmentsOn: int
    environmentsOff: int
    environmentsUnscheduled: int
    invalid: Annotated[Mapping[str, str], "Environment -> why its schedule cannot be read."]
    next: tuple[Switch, ...]


class ReplicaObject(TypedDict):
    """How an account's copies stand."""

    scope: Name
    seenAt: datetime | None
    copiesBehind: int | None
    behindSince: datetime | None
    completeAt: datetime | None
    lagSeconds: Annotated[int | None, "The most that what copies lack can be old."]


class AlertObject(TypedDict):
    """What somebody has to look at."""

    alert: Annotated[str, tuple(AlertKind)]
    subject: Annotated[str, "A scope, an override's id, an object; empty where there is but one."]
    text: str
    next: Annotated[str, "What to type about it."]
    runbook: Annotated[str, "The page that explains it."]
    since: datetime
    told: Annotated[list[str], "Sinks that were told of it."]


class SinkObject(TypedDict):
    """Where what was to be told was not taken the last time."""

    sink: str
    failures: Annotated[int, "Tries in a row."]
    because: str
    retryAt: datetime | None


class StatusDocument(TypedDict):
    """Where everything stands. What is not known is null."""

    at: datetime
    installation: str
    source: SourceView
    applied: AppliedObject
    unreadable: Annotated[str, "Why the config tables could not be read; else empty."]
    scopes: list[ScopeObject]
    overrides: list[OverrideObject]
    storms: tuple[StormView, ...]
    power: PowerObject | None
    replicas: Annotated[list[ReplicaObject] | None, "null: there are to be no copies."]
    snapshot: Annotated[
        SnapshotView | None,
        "The newest that was proven; null: the settings name no place for snapshots.",
    ]
    alerts: Annotated[list[AlertObject], "What a daemon found that stands."]
    failingSinks: list[SinkObject]
    streamsReadUntil: Annotated[
        datetime | None, "What others did to the tables before is on record; null: not known."
    ]
    archive: Annotated[
        ArchiveView | None,
        "How far the ledger was moved to segments; null: all of it is in the table.",
    ]


class SettingsDocument(TypedDict):
    """Every setting with its value and where that came from."""

    settings: list[SettingLine]


def status_json(view: StatusView, settings: str = "") -> StatusDocument:
    """Return the status as one JSON document."""
    config, power = view.config, view.power
    return filled(
        StatusDocument,
        view,
        applied={
            "revision": config.revision if config else "",
            "at": config.applied_at if config else None,
        },
        scopes=[_scope(scope, view, settings) for scope in view.scopes],
        overrides=[
            # With the path as the document has it: what list shows is as plans name fields.
            {
                **override_json(parts),
                "id": parts[0].whole_id,
                "path": parts[0].path if len(parts) == 1 else "",
            }
            for parts in wholes(view.overrides)
        ],
        power=power
        and filled(
            PowerObject,
            power,
            environmentsOn=power.on,
            environmentsOff=power.off,
            environmentsUnscheduled=power.unscheduled,
        ),
        alerts=[_alert(known, settings) for known in view.alerts],
        failingSinks=[filled(SinkObject, sink, sink=sink.name) for sink in view.failing_sinks],
        replicas=[_replica(name, seen, view) for name, seen in view.sightings.items()]
        if view.replicas
        else None,
    )


def _alert(known: KnownAlert, settings: str) -> AlertObject:
    alert = known.alert
    return {
        "alert": alert.key.kind,
        "subject": alert.key.subject,
        "text": alert.text,
        "next": command_text(alert.next, settings),
        "runbook": runbook_of(alert.key.kind),
        "since": known.since,
        "told": sorted(sink for sink, word in known.told.items() if word == "raised"),
    }


def settings_json(settings: Iterable[SettingLine]) -> SettingsDocument:
    """Return every setting with its value and where that came from."""
    return {"settings": list(settings)}


def _scope(scope: ScopeLine, view: StatusView, settings: str) -> ScopeObject:
    status, head = scope.status, scope.head
    lease = head.lease_until if head else 0
    return filled(
        ScopeObject,
        scope,
        status,
        scope=scope.name,
        reason=status.reason if status else "",
        revision=status.revision if status else "",
        conditions=[condition._asdict() for condition in conditions_of(scope, view.at)],
        what=what_of(scope),
        next=command_text(next_step(scope), settings),
        ledger=head
        and filled(
            LedgerObject,
            head,
            records=head.sequence,
            hash=head.last_hash,
            leaseUntil=datetime.fromtimestamp(lease / 1000, UTC) if lease else None,
        ),
        seen=view.sighting(scope),
        look=(view.looked or {}).get(scope.name),
    )


def _replica(scope: str, seen: ScopeCounts | None, view: StatusView) -> ReplicaObject:
    """Say how an account's copies stand; ``lagSeconds`` is the most that what they lack can be old."""
    complete = seen.complete_at if seen else None
    lag = None if complete is None else max(0, int((view.at - complete).total_seconds()))
    seen_at = seen.at if seen else None
    return filled(ReplicaObject, seen, scope=scope, seenAt=seen_at, lagSeconds=lag)
