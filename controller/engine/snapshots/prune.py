"""Snapshots that are no longer kept, in each place that has them: found, and taken away with all that was written beside them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from controller.engine.snapshots.copies import OLD_NAMES, day_of, read_old_names
from controller.engine.snapshots.places import Listed, list_snapshots
from controller.place_settings import SnapshotSettings
from controller.snapshots.manifest import MANIFEST
from controller.snapshots.retention import Retention, to_remove
from controller.snapshots.store import SnapshotStore

TORN_FOR: Final = timedelta(days=1)
"""What never came to its end goes when it is so old."""


@dataclass(frozen=True, slots=True)
class Outdated:
    """What goes, oldest first: of the snapshots, and of their copies in the other place."""

    snapshots: tuple[Listed, ...]
    copies: tuple[Listed, ...] = ()
    copies_in: str = ""
    """The other place; empty where there is none."""

    def __bool__(self) -> bool:
        """Tell whether anything goes."""
        return bool(self.snapshots or self.copies)


def outdated_in(
    store: SnapshotStore, settings: SnapshotSettings, now: datetime
) -> tuple[Listed, ...]:
    """Return the snapshots of one place that retention no longer keeps, oldest first. Raises as reading the store.

    Each place keeps by itself what the settings say, and its last good one: where the snapshots are lost, their copies are not.
    """
    retention = Retention(
        keep_days=settings.keep_days,
        daily=settings.daily,
        weekly=settings.weekly,
        monthly=settings.monthly,
    )
    listed = list_snapshots(store)
    whole = [found.known for found in listed if found.manifest is not None]
    torn = [
        found
        for found in listed
        if found.manifest is None and not found.has_manifest and now - found.at >= TORN_FOR
    ]
    gone = {known.id for known in to_remove(whole, retention, now)}
    return tuple(found for found in listed if found.id in gone or found in torn)


def remove_from(
    store: SnapshotStore, outdated: Sequence[Listed], tell: Callable[[str], None]
) -> None:
    """Take snapshots away, each beginning with its manifest and with the list of what was written beside it last.

    Files under the old product's names go with the last snapshot that lists them. Raises as writing the store.
    """
    for found in outdated:
        day = list(store.list(day_of(found.id)))
        own = [file.key for file in day if file.key.startswith(f"{found.id}/")]
        last = f"{found.id}/{OLD_NAMES}"
        beside = sorted(_beside(store, last, [file.key for file in day])) if last in own else []
        own.sort(key=lambda key: (key == last, key != f"{found.id}/{MANIFEST}"))
        first, rest = own[:1], own[1:]
        store.delete([*first, *beside, *rest])
        tell(found.id)


def _beside(store: SnapshotStore, own: str, keys: Sequence[str]) -> frozenset[str]:
    """Return the files that this list alone has, and that are there. ``keys`` are all of its day."""
    others = (key for key in keys if key.endswith(f"/{OLD_NAMES}") and key != own)
    alone = read_old_names(store, own).difference(*(read_old_names(store, key) for key in others))
    return alone.intersection(keys)
