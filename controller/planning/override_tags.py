"""Tags with which people keep things on from the console, as overrides on record.

The tag itself decides; its record says what held, until when, and when it was seen to be gone.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from controller.model.override import Override
from controller.model.ref import ResourceRef

ACTOR: Final = "a tag"
_ID: Final = "TAG"
_DIGITS: Final = 8


def override_of_tag(ref: ResourceRef, key: str, until: datetime, now: datetime) -> Override:
    """Return the record of a tag on a group or an instance; of one reference it always has the same id."""
    digest = hashlib.sha256(str(ref).encode()).hexdigest()[:_DIGITS].upper()
    reason = f"tag {key} on the {ref.kind.lower()}"
    return Override(_ID + digest, ref, reason, ACTOR, now, "schedule", "on", until)


def is_of_tag(override: Override) -> bool:
    """Tell whether an override is the record of a tag: it decides nothing, and only taking the tag off ends it early."""
    return override.actor == ACTOR and override.id.startswith(_ID)


def tags_to_record(
    found: Mapping[ResourceRef, Override], known: Iterable[Override], scope: str
) -> tuple[tuple[Override, ...], tuple[Override, ...]]:
    """Return the records to be made and those to be ended, in one scope: of tags that are gone, or say something else now."""
    mine = {
        override.ref: override
        for override in known
        if is_of_tag(override) and override.ref.key.startswith(f"{scope}/")
    }
    ended = {
        ref
        for ref, override in mine.items()
        if ref not in found or found[ref].until != override.until
    }
    new = tuple(found[ref] for ref in sorted(found) if ref not in mine or ref in ended)
    return new, tuple(mine[ref] for ref in sorted(ended))
