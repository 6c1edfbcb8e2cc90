"""What a plan compares the desired state with: the tables, a file that holds what they held, or another desired state."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from controller.engine.installation.installation import Installation
from controller.engine.state.damaged_overrides import readable_rows, recorded_in, sorted_out
from controller.engine.state.override_rows import (
    OVERRIDE_PREFIX,
    Row,
    holds,
    override_rows_in,
    row_id,
)
from controller.engine.state.rows import STATUS_PREFIX, statuses_in
from controller.errors import DamagedState, WrongUsage
from controller.ledger.ownership import is_ours_by_history, is_there_by_us
from controller.ledger.records import entity_of_item, who_changed
from controller.model.canonical import parse_canonical
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import (
    CONFIG_SCOPE,
    Mark,
    Observation,
    ObservedState,
    Ownership,
    ScopeState,
    ScopeStatus,
)
from controller.model.override import Override
from controller.model.plan import PlannedFrom
from controller.model.ref import UNKNOWN_AUTHORSHIP, Authorship, ResourceRef
from controller.model.resource import DesiredState, Resource
from controller.planning.look_json import PublishedLook
from controller.planning.observed_json import read_observed, write_observed

Recorded = Callable[[ResourceRef, bytes], bool]
"""Whether the ledger's last word on an object, given with its items, is that we created, adopted or updated it."""

OVERRIDES = "overrides"
"""Fact of the config scope: the rows of all overrides, as they stand in EnvctlState."""
SEQUENCE = "sequence"
"""Fact of the config scope: the sequence of its head, read before overrides and tables were."""
ACCEPTED_REVISION = "acceptedRevision"
"""Fact of the config scope: the revision last applied to it in full, which is what the tables hold; empty if that is not known."""


@dataclass(frozen=True, slots=True)
class ObservedConfig:
    """Scopes as found, and what the ledger says of single objects, given with their items as canonical JSON.

    ``recorded`` tells whether it has a create or an adoption of ours for one that is there, ``missed`` whether its last word
    on one that is not there is that we wrote it.
    """

    scopes: tuple[ObservedState, ...]
    recorded: Recorded
    missed: Recorded
    ended_by: Callable[[str], Authorship] = lambda _: UNKNOWN_AUTHORSHIP
    """Who ended the override of an id; unknown where the ledger is not at hand."""
    stands_in: bool = False
    """Whether another source stands in for the tables: then the states that changes start from are not theirs."""
    rows: Sequence[Row] = ()
    """The controller's own rows of overrides, and of how each scope stood before this look."""

    @property
    def statuses(self) -> Mapping[str, ScopeStatus]:
        """How each scope stood, by name."""
        return statuses_in(self.rows)

    @property
    def looks(self) -> int:
        """How many looks at the config scope were written before this one."""
        status = self.statuses.get(CONFIG_SCOPE)
        return 0 if status is None else status.looks

    @property
    def overrides(self) -> tuple[Override, ...]:
        """Every override on record, ended ones too. Raises DamagedState for one of which nothing can be told."""
        if not any(scope.facts.get(OVERRIDES) for scope in self.scopes):
            return ()
        overrides, damaged = self.overrides_sorted_out
        if damaged:
            raise next(iter(damaged.values()))
        return overrides

    @property
    def overrides_sorted_out(self) -> tuple[tuple[Override, ...], Mapping[str, DamagedState]]:
        """Every override that can be read, ended ones too, and why others cannot be, by id."""
        rows = [row for scope in self.scopes for row in scope.facts.get(OVERRIDES, ())]
        return sorted_out(rows)

    @property
    def planned_from(self) -> PlannedFrom | None:
        """What a plan is made from that is made of this now; None where no tables were read."""
        for scope in self.scopes:
            if scope.scope == CONFIG_SCOPE and SEQUENCE in scope.facts:
                known = scope.facts
                return PlannedFrom(int(known[SEQUENCE]), str(known.get(ACCEPTED_REVISION, "")))
        return None


def observe_config(installation: Installation) -> ObservedConfig:
    """Look at the tables. What could not be read makes the scope unknown; head and overrides must be readable."""
    master = installation.master
    # First: what is read after it is at least as new, so that whoever finds the head there still has missed nothing.
    head = installation.leases.read(CONFIG_SCOPE)
    mine = (OVERRIDE_PREFIX, STATUS_PREFIX)
    found_rows = [
        row for row in master.store.scan(master.state_table) if str(row["Id"]).startswith(mine)
    ]
    found = installation.tables.observe()
    overrides: Iterable[Row] = ()
    if any(str(row["Id"]).startswith(OVERRIDE_PREFIX) for row in found_rows):
        recorded_row = recorded_in(installation.ledger, master.state_table)
        overrides = readable_rows(override_rows_in(found_rows), recorded_row)
    facts = {
        OVERRIDES: [dict(row) for row in overrides],
        SEQUENCE: head.sequence if head else 0,
        ACCEPTED_REVISION: head.revision if head else "",
    }
    state = replace(found, facts={**found.facts, **facts})
    recorded = partial(_is_recorded, installation, is_ours_by_history)
    missed = partial(_is_recorded, installation, is_there_by_us)
    ended_by = partial(_ended_by, installation)
    return ObservedConfig((state,), recorded, missed, ended_by, rows=found_rows)


def _ended_by(installation: Installation, override_id: str) -> Authorship:
    """Return who took an override, or a part of one, out of its row. Raises as any read."""
    table, key = installation.master.state_table, row_id(override_id)
    for record in installation.ledger.of_item(table, key, None):
        if holds(record.old_value, override_id) and not holds(record.new_value, override_id):
            who = who_changed(record.actor, record.changed_by)
            return Authorship("", who, record.iso_timestamp, record.actor.trigger)
    return UNKNOWN_AUTHORSHIP


def _is_recorded(
    installation: Installation,
    says: Callable[[Iterable[LedgerRecord], str], bool],
    ref: ResourceRef,
    attributes: bytes,
) -> bool:
    master = installation.master
    kind, items = master.kinds.get(ref.kind), parse_canonical(attributes)
    entities = [
        entity_of_item(table.prefixed(master.settings.resource_prefix), items[table.name])
        for table in (() if kind is None else kind.tables)
        if table.name in items
    ]
    history = installation.ledger
    return bool(entities) and all(
        says(history.of_item(*entity), CONFIG_SCOPE) for entity in entities
    )


def seen_in_file(data: bytes, name: str) -> ObservedConfig:
    """Read what ``file_of`` wrote; the ledger is not at hand, so marks are believed. Raises WrongUsage."""
    return _without_ledger(read_observed(data, name))


def seen_in_look(look: PublishedLook, name: str) -> ObservedConfig:
    """Take a published look at the config scope for what is there; marks are believed. Raises WrongUsage for one of another scope."""
    if look.config is None:
        raise WrongUsage(
            f"{name}: what is published as {CONFIG_SCOPE} is a look at {look.scope}",
            fix="name the place where envctl publishes looks (observed: in its settings)",
        )
    return _without_ledger((look.config,))


def file_of(seen: ObservedConfig) -> bytes:
    """Return what was found as a file from which plans can be made without AWS."""
    return write_observed(seen.scopes)


def seen_in_desired(desired: DesiredState) -> ObservedConfig:
    """Take a desired state for what is there, applied in full by ourselves and touched by nobody since."""
    objects = {ref: _as_found(found, desired.revision) for ref, found in desired.resources.items()}
    found = _without_ledger((ObservedState(CONFIG_SCOPE, ScopeState.OK, objects),))
    return replace(found, stands_in=True)


def _without_ledger(scopes: tuple[ObservedState, ...]) -> ObservedConfig:
    """Return what was found where the ledger is not at hand: marks are believed, and nothing is missed."""
    return ObservedConfig(scopes, lambda _ref, _attributes: True, lambda _ref, _attributes: False)


def _as_found(resource: Resource, revision: str) -> Observation:
    wanted, origin = resource.projection, resource.origin
    extra = parse_canonical(wanted.extra)
    mark = Mark("", "", revision, origin.path, origin.line, wanted.digest, extra)
    return Observation(
        wanted.ref,
        wanted.attributes,
        wanted.digest,
        mark,
        Ownership.OURS,
        b"{}",
        wanted.depends_on,
    )
