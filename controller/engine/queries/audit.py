"""Questions to the ledger in the words of a command line, and the ledger held against itself and the tables."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.catalog import kind_tables, live_targets
from controller.engine.installation.installation import Installation, Master
from controller.engine.live.accounts import LiveAccounts
from controller.engine.queries.anchors import read_anchors
from controller.engine.state.rows import read_recorded_rows
from controller.errors import DamagedState, EnvctlError, WrongUsage
from controller.ledger.chain import VerificationReport
from controller.ledger.entities import entities_of
from controller.ledger.heads import HEAD_PREFIX
from controller.ledger.queries import (
    OfActor,
    OfEntity,
    OfPeriod,
    OfScope,
    OfTransaction,
    Page,
    Period,
    Question,
)
from controller.ledger.records import POWER, EntityKey
from controller.ledger.replay import table_digests
from controller.ledger.stream_changes import STREAM_PREFIX
from controller.ledger.summaries import RecordSummary
from controller.ledger.verify import find_strays, verify_ledger
from controller.loading.closest import closest
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import CONFIG_SCOPE
from controller.model.ref import ResourceRef
from controller.snapshots.store import SnapshotStore
from controller.targets.table_items.definitions import STATE_TABLE

MAX_QUERIES = 400
"""Days without a record are queries too: a year of them is gone through at once, then a token says where to go on."""
LONGEST = timedelta(days=3650)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked: at most one of ``entity``, ``actor`` and ``transaction``; bounds are aware."""

    entity: str | None = None
    actor: str | None = None
    transaction: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    power: bool = False
    """Whether instances switched by schedule are shown where nobody asks for just these."""
    now: datetime

    @property
    def shows_power(self) -> bool:
        """Tell whether records of power belong into the answer."""
        return self.power or self.entity is not None or self.transaction is not None

    @property
    def is_of_config(self) -> bool:
        """Tell whether the answer leaves out what was changed in accounts: nothing particular is asked for."""
        given = (self.entity, self.actor, self.transaction, self.since, self.until)
        return not self.power and all(value is None for value in given)

    def question(self, installation: Installation) -> Question:
        """Return the question. Raises WrongUsage for what does not go together, and as any read."""
        period = Period(self.since, self.until)
        if sum(value is not None for value in (self.entity, self.actor, self.transaction)) > 1:
            raise WrongUsage(
                "--entity, --actor and --transaction ask three different questions",
                fix="give one of them",
            )
        if self.entity is not None:
            return OfEntity(_entities(self.entity, installation), period)
        if self.actor is not None:
            return OfActor(self.actor, period)
        if self.transaction is not None:
            return OfTransaction(self.transaction)
        if self.is_of_config:
            return OfScope(CONFIG_SCOPE)
        # What was changed in accounts is in their chains, not in that of the tables.
        until = self.until or self.now
        return OfPeriod(self.since or until - LONGEST, until)


def _entities(text: str, installation: Installation) -> tuple[EntityKey, ...]:
    master = installation.master
    try:
        ref = ResourceRef.parse(text)
    except ValueError as error:
        raise WrongUsage(f"--entity {error}") from error
    live = {kind for target in live_targets(master.settings.extensions) for kind in target.kinds}
    if ref.kind == POWER or ref.kind in live:
        # One named without its scope (``Group/c50-ta-Web``) may be in any.
        scopes = [
            scope
            for scope in _scopes(master)
            if scope != CONFIG_SCOPE and not scope.startswith(STREAM_PREFIX)
        ]
        in_scope = any(ref.key.startswith(f"{scope}/") for scope in scopes)
        keys = [ref.key] if in_scope else [f"{scope}/{ref.key}" for scope in scopes]
        return tuple(EntityKey(ref.kind, key) for key in keys)
    kind = master.kinds.get(ref.kind)
    if kind is None:
        meant = closest(ref.kind, master.kinds)
        hint = f"did you mean {meant}/{ref.key}?" if meant else f"kinds: {', '.join(master.kinds)}"
        raise WrongUsage(f"there is no kind {ref.kind!r}", fix=f"{hint}")
    prefix = master.settings.resource_prefix
    return entities_of(kind, ref.key, prefix, master.store.scan)


def _scopes(master: Master) -> list[str]:
    """Return the scopes something was ever written in."""
    rows = master.store.scan(master.state_table)
    ids = sorted(str(row["Id"]) for row in rows)
    return [row_id.removeprefix(HEAD_PREFIX) for row_id in ids if row_id.startswith(HEAD_PREFIX)]


def page_of(
    installation: Installation,
    question: Question,
    *,
    limit: int,
    token: str | None,
    power: bool = True,
) -> Page:
    """Return up to ``limit`` records, over as many queries as that takes; the token says where to go on. Raises as a page.

    Without ``power`` records of instances switched by schedule are left out.
    """
    records: list[RecordSummary] = []
    for _ in range(MAX_QUERIES):
        page = installation.ledger.page(question, limit=limit - len(records), token=token)
        records += (record for record in page.records if power or not record.is_power)
        token = page.next_token
        if token is None or len(records) >= limit:
            break
    return Page(tuple(records), token)


def find_records(installation: Installation, name: str) -> tuple[LedgerRecord, ...]:
    """Return the record of an audit id, or those of a transaction. Raises WrongUsage if there is neither, and as any read."""
    found = installation.ledger.find(name)
    if not found:
        stray = installation.ledger.stray(name)
        if stray is not None:
            raise DamagedState(f"ledger: {stray.what}", fix=stray.fix)
        raise WrongUsage(
            f"the ledger has no record and no transaction {name!r}",
            fix="envctl audit list shows what there is",
        )
    return found


def _accepted_scopes(installation: Installation) -> list[str]:
    """Return the scopes whose accounts the tables name; none where these cannot be read, which plans tell."""
    accounts, now = LiveAccounts(installation), installation.master.process.clock()
    try:
        setups = accounts.scopes(accounts.accepted(installation.tables.observe(), now))
    except EnvctlError:
        return []
    return [setup.scope.name for setup in setups]


def verify_installation(
    installation: Installation, *, replay: bool, anchors_in: SnapshotStore | None = None
) -> VerificationReport:
    """Check every scope's chain, with a store also against its anchors, and with ``replay`` the tables against the records.

    Scopes are those that have a head, those that records or anchors name, and those that accepted documents ask for. Raises as
    any read.
    """
    found = None if anchors_in is None else read_anchors(anchors_in, installation)
    master = installation.master

    def tables() -> Iterator[tuple[EntityKey, str]]:
        for table in kind_tables(master.kinds.values()):
            physical = table.prefixed(master.settings.resource_prefix)
            yield from table_digests(physical, master.store.scan(physical.name))
        state = STATE_TABLE.prefixed(master.settings.resource_prefix)
        # Of the controller's own rows those that people make are in the ledger, and where tables came from.
        yield from table_digests(state, read_recorded_rows(master.store, state.name))

    ledger = installation.ledger
    strays, named = find_strays(master.store.scan(ledger.table))
    report = verify_ledger(
        dict.fromkeys(
            [
                *_scopes(master),
                *named,
                *_accepted_scopes(installation),
                *(found.by_scope if found else ()),
            ]
        ),
        ledger,
        installation.leases,
        sleep=master.process.sleep,
        tables=tables if replay else None,
        blobs=ledger.blobs,
        anchors=found.by_scope if found else {},
    )
    report = replace(report, strays=strays)
    return replace(report, anchors=found.compared, unusable=found.unusable) if found else report
