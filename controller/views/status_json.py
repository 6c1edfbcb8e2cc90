"""Status as programs read it: stable, more may be added. Moments are ISO 8601 in UTC; what is not known is null. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from controller.engine.installation.settings_file import SettingLine
from controller.engine.queries.status.view import (
    LookedScope,
    PowerView,
    ScopeLine,
    StatusView,
)
from controller.model.absent import ABSENT
from controller.model.override import Override
from controller.model.scope_status import Remark, ScopeCounts
from controller.views.scope_text import next_step, what_of

FORMAT_VERSION: Final = 1


def status_json(view: StatusView) -> dict[str, Any]:
    """Return the status as one JSON document."""
    config = view.config
    return {
        "formatVersion": FORMAT_VERSION,
        "controllerVersion": view.version,
        "at": _iso(view.at),
        "installation": view.installation,
        "source": {
            "name": view.source.name,
            "state": view.source.state,
            "detail": view.source.detail,
        },
        "applied": {
            "revision": config.revision if config else "",
            "at": _iso(config.applied_at if config else None),
        },
        "unreadable": view.unreadable,
        "scopes": [_scope(scope, view) for scope in view.scopes],
        "overrides": [_override(override) for override in view.overrides],
        "storms": [
            {
                "scope": storm.scope,
                "ref": str(storm.ref),
                "flips": storm.flips,
                "until": _iso(storm.until),
            }
            for storm in view.storms
        ],
        "power": _power(view.power) if view.power else None,
        "replicas": [_replica(name, seen, view) for name, seen in view.sightings.items()]
        if view.replicas
        else None,
    }


def settings_json(settings: Iterable[SettingLine]) -> dict[str, Any]:
    """Return every setting with its value and where that came from."""
    return {"settings": [setting._asdict() for setting in settings]}


def _scope(scope: ScopeLine, view: StatusView) -> dict[str, Any]:
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
        "since": _iso(status.since if status else None),
        "lookedAt": _iso(status.looked_at if status else None),
        "triedAt": _iso(status.tried_at if status else None),
        "appliedAt": _iso(status.applied_at if status else None),
        "retryAt": _iso(status.retry_at if status else None),
        "openRecords": scope.open_records,
        "ledger": None
        if head is None
        else {
            "records": head.sequence,
            "hash": head.last_hash,
            "epoch": head.epoch,
            "owner": head.owner,
            "leaseUntil": _iso(datetime.fromtimestamp(head.lease_until / 1000, UTC))
            if head.lease_until
            else None,
        },
        "seen": _seen(seen) if seen else None,
        "look": _look(looked) if looked else None,
    }


def _look(looked: LookedScope) -> dict[str, Any]:
    return {
        "state": looked.state.value,
        "reason": looked.reason,
        "changes": looked.changes,
        "blocked": looked.blocked,
    }


def _seen(seen: ScopeCounts) -> dict[str, Any]:
    return {
        "at": _iso(seen.at),
        "instancesOn": seen.instances_on,
        "instancesOff": seen.instances_off,
        "toSwitch": seen.to_switch,
        "onTheWay": seen.on_the_way,
        "copiesBehind": seen.copies_behind,
        "missing": [_remark(remark) for remark in seen.missing],
        "rollouts": [_remark(rollout) for rollout in seen.rollouts],
        "images": [_remark(image) for image in seen.images],
        "imagesAt": _iso(seen.images_at),
    }


def _remark(remark: Remark) -> dict[str, Any]:
    return {"text": remark.text, "objects": remark.objects, "names": list(remark.names)}


def _replica(scope: str, seen: ScopeCounts | None, view: StatusView) -> dict[str, Any]:
    """Say how an account's copies stand; ``lagSeconds`` is the most that what they lack can be old."""
    complete = seen.complete_at if seen else None
    return {
        "scope": scope,
        "seenAt": _iso(seen.at if seen else None),
        "copiesBehind": seen.copies_behind if seen else None,
        "behindSince": _iso(seen.behind_since if seen else None),
        "completeAt": _iso(complete),
        "lagSeconds": None
        if complete is None
        else max(0, int((view.at - complete).total_seconds())),
    }


def _override(override: Override) -> dict[str, Any]:
    shown = {
        "id": override.id,
        "ref": str(override.ref),
        "path": override.path,
        "until": _iso(override.until),
        "untilGit": override.until_git,
        "since": _iso(override.since),
        "actor": override.actor,
        "reason": override.reason,
    }
    return shown if override.value is ABSENT else {**shown, "value": override.value}


def _power(power: PowerView) -> dict[str, Any]:
    return {
        "environmentsOn": power.on,
        "environmentsOff": power.off,
        "environmentsUnscheduled": power.unscheduled,
        "invalid": dict(sorted(power.invalid.items())),
        "next": [
            {"at": _iso(switch.at), "on": list(switch.on), "off": list(switch.off)}
            for switch in power.next
        ],
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds")
