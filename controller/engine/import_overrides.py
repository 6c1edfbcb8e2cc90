"""Whose overrides hold until when, for those who read the tables as if there were none."""

from collections.abc import Mapping
from datetime import datetime

from controller.engine.installation import Master
from controller.engine.override_rows import read_overrides
from controller.model.absent import ABSENT
from controller.model.extra import BENEATH
from controller.model.observed import ObservedState
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.overrides import segments


def overridden_fields(
    master: Master, observed: ObservedState, now: datetime
) -> Mapping[ResourceRef, Mapping[str, str]]:
    """Return who overrides what: object -> field of its document (``spec.schedule``) -> a few words for a note.

    Overrides are only read where a mark says that there are any. Raises as any read, and EnvctlError for a damaged row.
    """
    marks = (one.mark for one in observed.objects.values())
    if not any(mark is not None and BENEATH in mark.extra for mark in marks):
        return {}
    fields: dict[ResourceRef, dict[str, str]] = {}
    for read_override in read_overrides(master.store, master.settings.resource_prefix):
        if (
            read_override.path
            and read_override.value is not ABSENT
            and (read_override.until is None or read_override.until > now)
        ):
            field = ".".join(segments(read_override.path)[:2])
            fields.setdefault(read_override.ref, {})[field] = _said(read_override)
    return fields


def _said(one: Override) -> str:
    if one.until is not None:
        until = f"until {one.until:%Y-%m-%d %H:%M %Z}"
    else:
        until = f"until Git changes {one.ref}" if one.until_git else "until it is released"
    return f"{one.actor}'s override {until} ({one.reason})"
