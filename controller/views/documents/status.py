"""Status as programs read it: stable, more may be added. What is not known is null. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, TypedDict

from controller.engine.installation.settings_origins import SettingLine
from controller.engine.queries.status.view import (
    UNSEEN,
    LookedScope,
    PowerView,
    ScopeLine,
    StatusView,
)
from controller.ledger.records import iso_ms
from controller.model.observed import Remark, ScopeCounts, ScopeState
from controller.views.documents.moments import Moment, moment_json
from controller.views.override_text import OverrideObject, override_json
from controller.views.scope_text import next_step, what_of

Name = Annotated[str, "`config` or `<account>/<region>`."]


class SourceObject(TypedDict):
    """The source of the settings beside what was applied from it last."""

    name: str
    state: Annotated[str, ("current", "changed", "unreachable", "none")]
    detail: Annotated[str, "Why it cannot be told."]


class AppliedObject(TypedDict):
    """What was applied last to the config tables."""

    revision: str
    at: Moment | None


class LedgerObject(TypedDict):
    """The head of a scope's ledger."""

    records: int
    hash: str
    epoch: int
    owner: Annotated[str, "Who works on the scope; empty if nobody does."]
    leaseUntil: Moment | None


class RemarkObject(TypedDict):
    """The same said of several objects."""

    text: str
    objects: int
    names: Annotated[list[str], "The first of them."]


class SeenObject(TypedDict):
    """What a look counted."""

    at: Moment
    instancesOn: int | None
    instancesOff: int | None
    toSwitch: int | None
    onTheWay: int | None
    copiesBehind: int | None
    missing: Annotated[list[RemarkObject], "What objects need and the account lacks."]
    rollouts: Annotated[list[RemarkObject], "Why instances are behind their template."]
    images: Annotated[list[RemarkObject], "Images that have a newer one, as of imagesAt."]
    imagesAt: Moment | None


class LookObject(TypedDict):
    """What --look found."""

    state: Annotated[str, ScopeState]
    reason: str
    changes: int
    blocked: int


class ScopeObject(TypedDict):
    """How a scope stands."""

    scope: Name
    state: Annotated[str, (*ScopeState, UNSEEN)]
    inOrder: bool
    known: Annotated[bool, "False: no account names it any more."]
    what: Annotated[str, "Why it is not in order, in a line; empty if it is."]
    next: Annotated[str, "What to type about it; empty if nothing."]
    reason: str
    changes: int | None
    blocked: int | None
    failures: Annotated[int | None, "Tries in a row that did not end well."]
    revision: str
    since: Moment | None
    lookedAt: Moment | None
    triedAt: Moment | None
    appliedAt: Moment | None
    retryAt: Moment | None
    openRecords: Annotated[int, "Changes announced and not ended."]
    ledger: LedgerObject | None
    seen: SeenObject | None
    look: LookObject | None


class StormObject(TypedDict):
    """An object that is left alone until its writers have settled it."""

    scope: Name
    ref: str
    flips: int
    until: Moment


class SwitchObject(TypedDict):
    """What schedules ask of environments at one coming moment."""

    at: Moment
    on: list[str]
    off: list[str]


class PowerObject(TypedDict):
    """What accepted schedules ask of environments now, and what comes next."""

    environmentsOn: int
    environmentsOff: int
    environmentsUnscheduled: int
    invalid: Annotated[dict[str, str], "Environment -> why its schedule cannot be read."]
    next: list[SwitchObject]


class ReplicaObject(TypedDict):
    """How an account's copies stand."""

    scope: Name
    seenAt: Moment | None
    copiesBehind: int | None
    behindSince: Moment | None
    completeAt: Moment | None
    lagSeconds: Annotated[int | None, "The most that what copies lack can be old."]


class StatusDocument(TypedDict):
    """Where everything stands. What is not known is null."""

    at: Moment
    installation: str
    source: SourceObject
    applied: AppliedObject
    unreadable: Annotated[str, "Why the config tables could not be read; else empty."]
    scopes: list[ScopeObject]
    overrides: list[OverrideObject]
    storms: list[StormObject]
    power: PowerObject | None
    replicas: Annotated[list[ReplicaObject] | None, "null: there are to be no copies."]


class SettingObject(TypedDict):
    """One setting."""

    path: Annotated[str, "As in the file: guards.maxDeletes."]
    value: object
    origin: Annotated[str, "`default`, `file:line` or a variable."]


class SettingsDocument(TypedDict):
    """Every setting with its value and where that came from."""

    settings: list[SettingObject]


def status_json(view: StatusView) -> StatusDocument:
    """Return the status as one JSON document."""
    config = view.config
    return {
        "at": iso_ms(view.at),
        "installation": view.installation,
        "source": {
            "name": view.source.name,
            "state": view.source.state,
            "detail": view.source.detail,
        },
        "applied": {
            "revision": config.revision if config else "",
            "at": moment_json(config.applied_at if config else None),
        },
        "unreadable": view.unreadable,
        "scopes": [_scope(scope, view) for scope in view.scopes],
        "overrides": [
            # With the path as the document has it: what list shows is as plans name fields.
            {**override_json(override), "path": override.path}
            for override in view.overrides
        ],
        "storms": [
            {
                "scope": storm.scope,
                "ref": str(storm.ref),
                "flips": storm.flips,
                "until": iso_ms(storm.until),
            }
            for storm in view.storms
        ],
        "power": _power(view.power) if view.power else None,
        "replicas": [_replica(name, seen, view) for name, seen in view.sightings.items()]
        if view.replicas
        else None,
    }


def settings_json(settings: Iterable[SettingLine]) -> SettingsDocument:
    """Return every setting with its value and where that came from."""
    return {
        "settings": [
            {"path": setting.path, "value": setting.value, "origin": setting.origin}
            for setting in settings
        ]
    }


def _scope(scope: ScopeLine, view: StatusView) -> ScopeObject:
    status, head = scope.status, scope.head
    looked = (view.looked or {}).get(scope.name)
    seen = view.sighting(scope)
    return {
        "scope": scope.name,
        "state": scope.state,
        "inOrder": scope.in_order,
        "known": scope.known,
        "what": what_of(scope),
        "next": next_step(scope),
        "reason": status.reason if status else "",
        "changes": status.changes if status else None,
        "blocked": status.blocked if status else None,
        "failures": status.failures if status else None,
        "revision": status.revision if status else "",
        "since": moment_json(status.since if status else None),
        "lookedAt": moment_json(status.looked_at if status else None),
        "triedAt": moment_json(status.tried_at if status else None),
        "appliedAt": moment_json(status.applied_at if status else None),
        "retryAt": moment_json(status.retry_at if status else None),
        "openRecords": scope.open_records,
        "ledger": None
        if head is None
        else {
            "records": head.sequence,
            "hash": head.last_hash,
            "epoch": head.epoch,
            "owner": head.owner,
            "leaseUntil": moment_json(datetime.fromtimestamp(head.lease_until / 1000, UTC))
            if head.lease_until
            else None,
        },
        "seen": _seen(seen) if seen else None,
        "look": _look(looked) if looked else None,
    }


def _look(looked: LookedScope) -> LookObject:
    return {
        "state": looked.state.value,
        "reason": looked.reason,
        "changes": looked.changes,
        "blocked": looked.blocked,
    }


def _seen(seen: ScopeCounts) -> SeenObject:
    return {
        "at": iso_ms(seen.at),
        "instancesOn": seen.instances_on,
        "instancesOff": seen.instances_off,
        "toSwitch": seen.to_switch,
        "onTheWay": seen.on_the_way,
        "copiesBehind": seen.copies_behind,
        "missing": [_remark(remark) for remark in seen.missing],
        "rollouts": [_remark(rollout) for rollout in seen.rollouts],
        "images": [_remark(image) for image in seen.images],
        "imagesAt": moment_json(seen.images_at),
    }


def _remark(remark: Remark) -> RemarkObject:
    return {"text": remark.text, "objects": remark.objects, "names": list(remark.names)}


def _replica(scope: str, seen: ScopeCounts | None, view: StatusView) -> ReplicaObject:
    """Say how an account's copies stand; ``lagSeconds`` is the most that what they lack can be old."""
    complete = seen.complete_at if seen else None
    return {
        "scope": scope,
        "seenAt": moment_json(seen.at if seen else None),
        "copiesBehind": seen.copies_behind if seen else None,
        "behindSince": moment_json(seen.behind_since if seen else None),
        "completeAt": moment_json(complete),
        "lagSeconds": None
        if complete is None
        else max(0, int((view.at - complete).total_seconds())),
    }


def _power(power: PowerView) -> PowerObject:
    return {
        "environmentsOn": power.on,
        "environmentsOff": power.off,
        "environmentsUnscheduled": power.unscheduled,
        "invalid": dict(sorted(power.invalid.items())),
        "next": [
            {"at": iso_ms(switch.at), "on": list(switch.on), "off": list(switch.off)}
            for switch in power.next
        ],
    }
