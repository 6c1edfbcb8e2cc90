"""From tables that were scanned while writes went on to the tables as they were right after one record of the ledger."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from controller.aws.items import WireItem, to_wire
from controller.engine.installation.installation import Installation
from controller.errors import Unreachable
from controller.ledger.queries import LedgerReader
from controller.ledger.records import EntityKey, image_digest, record_of_wire
from controller.ledger.replay import NOTHING, Step, step_of
from controller.model.observed import CONFIG_SCOPE
from controller.model.table import TableDefinition
from controller.snapshots.write import ItemKey

WAIT_S: Final = 60
"""So long records are waited for that the head says are there, and items that are otherwise than their record."""
PAUSE_S: Final = 1.0

Changed = Mapping[str, Mapping[ItemKey, WireItem | None]]
"""Logical table -> key -> the item as it was at the position; None where it was gone."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What the scanned items become. ``unverified`` are items that no record accounts for: as they were found last."""

    position: int
    changed: Changed
    unverified: tuple[str, ...] = ()


@dataclass(slots=True)
class _Change:
    """The last that the ledger says of an item that changed meanwhile."""

    step: Step
    image: dict[str, Any] | None


@dataclass(slots=True)
class RollForward:
    """Follows the config scope's ledger from the position before a scan to one at which every changed item is known.

    An item's record has the digest of what it left; the image in the record counts where it has that digest (sensitive values
    are not in it), else the item as it is now. Where neither has, the item was changed once more: by a later record, which the
    next look finds, or by somebody past the ledger.
    """

    installation: Installation
    tables: Mapping[str, TableDefinition]
    """Logical name -> definition with its physical name."""
    before: int
    """Sequence of the head before the scan."""
    sleep: Callable[[float], None]
    _last: dict[EntityKey, _Change] = field(default_factory=dict, init=False)

    def settle(self) -> Settled:
        """Return the position and what the scanned items are at it.

        Raises Unreachable for records that do not come, and as any read.
        """
        position, waited = self.before, 0.0
        while True:
            head = self.installation.leases.read(CONFIG_SCOPE)
            reached = head.sequence if head is not None else 0
            position = self._follow(position, reached)
            changed, unknown = self._resolved()
            if not unknown or waited >= WAIT_S:
                return Settled(position, changed, tuple(sorted(map(str, unknown))))
            self.sleep(PAUSE_S)
            waited += PAUSE_S

    def _follow(self, position: int, reached: int) -> int:
        """Read the records up to a sequence; the index may show the last ones some seconds late."""
        ledger, waited = self.installation.ledger, 0.0
        while position < reached:
            for entry in entries(ledger, CONFIG_SCOPE, position, reached):
                step = step_of(*entry)
                position = entry[0]
                if step is not None:
                    record = record_of_wire(entry[1], ledger.blobs)
                    image = None if record.new_value is None else dict(record.new_value)
                    self._last[step.item] = _Change(step, image and {**image, **record.new_meta})
            if position < reached:
                if waited >= WAIT_S:
                    raise Unreachable(
                        f"ledger: records #{position + 1:,} to #{reached:,} of scope config cannot be read",
                        fix="run it again; if it stays so, envctl audit verify tells what is missing",
                    )
                self.sleep(PAUSE_S)
                waited += PAUSE_S
        return position

    def _resolved(self) -> tuple[dict[str, dict[ItemKey, WireItem | None]], list[EntityKey]]:
        changed: dict[str, dict[ItemKey, WireItem | None]] = {name: {} for name in self.tables}
        logical = {table.name: name for name, table in self.tables.items()}
        unknown: list[EntityKey] = []
        for item, change in self._last.items():
            name = logical.get(item.table)
            if name is None:
                continue
            key = tuple(part for part in item[1:] if part is not None)
            found, wanted = change.image, _left_by(change.step)
            if wanted != NOTHING and image_digest(found) != wanted:
                table = self.tables[name]
                typed = dict(zip(table.key_attributes(), key, strict=True))
                found = self.installation.master.store.get(
                    table.name,
                    {
                        attribute.name: int(text) if attribute.type == "N" else text
                        for attribute, text in typed.items()
                    },
                )
                if image_digest(found) != wanted:
                    unknown.append(item)
            changed[name][key] = to_wire(found) if found is not None and wanted else None
        return changed, unknown


def entries(
    ledger: LedgerReader, scope: str, after: int = 0, until: float = math.inf
) -> Iterator[tuple[int, WireItem]]:
    """Yield a scope's records, by sequence, without a gap: up to the first that is not there yet, or ``until``."""
    expected = after + 1
    for page in ledger.pages(scope, after):
        for entry in page:
            if entry.record is None:
                break
            if entry.sequence != expected or entry.sequence > until:
                return
            yield entry.sequence, entry.record
            expected += 1


def _left_by(step: Step) -> str:
    """Return the digest of what a record left; a baseline found it."""
    return step.after or step.before if step.change_type == "Baseline" else step.after
