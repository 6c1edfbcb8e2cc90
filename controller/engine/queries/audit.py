"""Questions to the ledger in the words of a command line, and the ledger held against itself and the tables."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from controller.catalog import kind_tables
from controller.engine.desired.named_object import object_named
from controller.engine.installation.installation import Installation, Master
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.observe import ScopeSetup
from controller.engine.power.fleet import accepted_now
from controller.engine.queries.anchors import read_anchors
from controller.engine.queries.recorded_kinds import (
    entity_types,
    kind_named,
    live_kinds,
    of_environments,
)
from controller.engine.queries.written_by_others import WrittenByOthers
from controller.engine.state.override_rows import read_recorded_rows
from controller.engine.state.recover_archive import lost_row
from controller.errors import DamagedState, EnvctlError, WrongUsage
from controller.ledger.chain import Finding, VerificationReport
from controller.ledger.entities import entities_of, item_named
from controller.ledger.heads import HEAD_PREFIX, Chained
from controller.ledger.queries import Page
from controller.ledger.questions import (
    OfActor,
    OfEntity,
    OfPeriod,
    OfScope,
    OfTransaction,
    Period,
    Question,
)
from controller.ledger.record_filter import ANY_RECORD, RecordFilter
from controller.ledger.records import POWER, EntityKey
from controller.ledger.replay import table_digests
from controller.ledger.stream_changes import STREAM_PREFIX
from controller.ledger.summaries import RecordSummary
from controller.ledger.verify import TablesNow, find_strays, verify_ledger
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import CONFIG_SCOPE
from controller.model.ref import ResourceRef, objects_called
from controller.snapshots.store import SnapshotStore
from controller.targets.table_items.definitions import STATE_TABLE

MAX_QUERIES = 400
"""Days without a record are queries too: a year of them is gone through at once, then a token says where to go on."""
ENVIRONMENT = "Environment"
LONGEST = timedelta(days=3650)
_LAST_LINES = 20
"""More than one transaction leaves of one object."""
_FEWEST_DIGITS = 4
"""Of a commit that is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked: at most one of ``entity``, ``actor`` and ``transaction``, and what of the answer is wanted; bounds are aware."""

    entity: str | None = None
    actor: str | None = None
    """WHO as records have it, ``Ada Author <ada@example.com>``, which is looked up; or a part of it, which the period is gone through for."""
    transaction: str | None = None
    kind: str | None = None
    name: str = ""
    environment: str = ""
    commit: str = ""
    change_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    items: tuple[EntityKey, ...] = ()
    """What ``entity`` is in the ledger, once that was looked up."""
    power: bool = False
    """Whether instances switched by schedule are shown where nobody asks for just these."""
    now: datetime

    @property
    def shows_power(self) -> bool:
        """Tell whether records of power belong into the answer."""
        is_of_one = self.transaction is not None or (self.entity is not None and not self.is_whole)
        return self.power or self.kind == POWER or is_of_one

    @property
    def is_whole(self) -> bool:
        """Tell whether the entity is an environment, by which all that is of it is meant."""
        return bool(self.items and self.environment)

    @property
    def is_whole_actor(self) -> bool:
        """Tell whether the actor is named with name and address, and so by no part."""
        return self.actor is not None and self.actor.endswith(">")

    @property
    def is_of_config(self) -> bool:
        """Tell whether the answer leaves out what was changed in accounts: nothing particular is asked for."""
        given = (self.entity, self.actor, self.transaction, self.since, self.until, self.kind)
        of_all = self.name or self.environment or self.commit or self.change_type
        return not self.power and not of_all and all(value is None for value in given)

    def meant(self, installation: Installation) -> "Asked":
        """Return what is asked where an environment is an object like any other: all that is of it, its overrides among that.

        Raises as reading the tables, and WrongUsage for what none or several are called.
        """
        kind, slash, _ = (self.entity or "").partition("/")
        if self.entity is None or self.environment or (slash and kind != ENVIRONMENT):
            return self
        items = _entities(self.entity, installation, self.now)
        tables = entity_types(ENVIRONMENT, installation.master)["tables"]
        names = [item.hash_key for item in items if item.table in tables]
        return replace(self, items=items, environment=names[0] if names else "")

    def wanted(self, installation: Installation) -> RecordFilter:
        """Return which lines of the answer are wanted. Raises WrongUsage for a kind that does not exist, and a commit that may be any."""
        if self.commit and len(self.commit) < _FEWEST_DIGITS:
            raise WrongUsage(
                f"--commit {self.commit} may be any", fix="give 7 digits of it, or all"
            )
        named = {} if self.kind is None else entity_types(self.kind, installation.master)
        return RecordFilter(
            **named,
            name=self.name,
            who="" if self.actor is None or self.is_whole_actor else self.actor,
            environment=self.environment,
            **(of_environments(installation.master) if self.environment or self.name else {}),
            commit=self.commit,
            change_types=frozenset({self.change_type} if self.change_type else ()),
            power=self.shows_power,
        )

    def question(self, installation: Installation) -> Question:
        """Return the question. Raises WrongUsage for what does not go together, and as any read."""
        period = Period(self.since, self.until)
        if sum(value is not None for value in (self.entity, self.actor, self.transaction)) > 1:
            raise WrongUsage(
                "--entity, --actor and --transaction ask three different questions",
                fix="give one of them",
            )
        if self.entity is not None and not self.is_whole:
            items = self.items or _entities(self.entity, installation, self.now)
            return OfEntity(items, period)
        if self.actor is not None and self.is_whole_actor:
            return OfActor(self.actor, period)
        if self.transaction is not None:
            return OfTransaction(self.transaction)
        if self.is_of_config:
            return OfScope(CONFIG_SCOPE)
        # What was changed in accounts is in their chains, not in that of the tables.
        # The same question until the day ends: where a page goes on belongs to its question.
        day = self.now.astimezone(UTC)
        end_of_day = day.replace(hour=23, minute=59, second=59, microsecond=999_999)
        until = self.until or end_of_day
        older = OfEntity(self.items, period) if self.is_whole else None
        return OfPeriod(self.since or _beginning(installation, until), until, older)


def _beginning(installation: Installation, until: datetime) -> datetime:
    """Return since when there are records of ours: no day before is asked for in vain."""
    first = installation.ledger.lines.beginning(CONFIG_SCOPE)
    try:
        return min(until, datetime.fromisoformat(first.iso_timestamp)) if first else until
    except (ValueError, TypeError):
        return until - LONGEST


def object_of_tables(text: str, installation: Installation, now: datetime) -> ResourceRef:
    """Return the object of the tables that a text means; one that is gone is meant by ``Kind/name`` alone.

    Raises WrongUsage for what none or several are called, or a kind that does not exist, and as reading the tables.
    """
    kind, slash, key = text.partition("/")
    master = installation.master
    if slash and kind in live_kinds(master):
        return ResourceRef(kind, key)
    refs = accepted_now(installation, now).accepted.resources.keys()
    if slash and kind in master.kinds and not objects_called(text, refs):
        return ResourceRef(kind, key)
    if slash and kind not in master.kinds and not objects_called(text, refs):
        kind_named(kind, master, f"/{key}")
    return object_named(text, refs, "one that is gone has no name alone: write Kind/name")


def _entities(text: str, installation: Installation, now: datetime) -> tuple[EntityKey, ...]:
    master = installation.master
    tables = (*kind_tables(master.kinds.values()), STATE_TABLE)
    if (item := item_named(text, tables, master.settings.resource_prefix)) is not None:
        return (item,)
    try:
        ref = object_of_tables(text, installation, now)
    except WrongUsage:
        found = () if "/" in text else _recorded_groups(text, installation)
        if found:
            return found
        raise
    if ref.kind in live_kinds(master):
        # One named without its scope (``Group/c50-ta-Web``) may be in any.
        scopes = _live_scopes(master)
        in_scope = any(ref.key.startswith(f"{scope}/") for scope in scopes)
        keys = [ref.key] if in_scope else [f"{scope}/{ref.key}" for scope in scopes]
        return tuple(EntityKey(ref.kind, key) for key in keys)
    kind = kind_named(ref.kind, master, f"/{ref.key}")
    return entities_of(kind, ref.key, master.settings.resource_prefix, master.store.scan)


def _recorded_groups(name: str, installation: Installation) -> tuple[EntityKey, ...]:
    """Return the groups and instances of this name that the ledger has a record of, in any scope."""
    kinds = sorted(live_kinds(installation.master))
    keys = [
        EntityKey(kind, f"{scope}/{name}")
        for scope in _live_scopes(installation.master)
        for kind in kinds
    ]
    return tuple([key for key in keys if any(True for _ in installation.ledger.of_item(*key))])


def _live_scopes(master: Master) -> list[str]:
    return [
        scope
        for scope in written_scopes(master)
        if scope != CONFIG_SCOPE and not scope.startswith(STREAM_PREFIX)
    ]


def last_change(text: str, installation: Installation, now: datetime) -> tuple[LedgerRecord, ...]:
    """Return the records of the last transaction that changed an object. Raises WrongUsage where none is meant or has one."""
    entities = _entities(text, installation, now)
    lines = page_of(installation, OfEntity(entities), limit=_LAST_LINES, token=None).records
    if not lines:
        raise WrongUsage(
            f"the ledger has no change of {text}", fix="envctl audit list shows what there is"
        )
    last = [line for line in lines if line.transaction_id == lines[0].transaction_id]
    return tuple(installation.ledger.whole(reversed(last)))


def written_scopes(master: Master) -> list[str]:
    """Return the scopes something was ever written in."""
    rows = master.store.scan(master.state_table)
    ids = sorted(str(row["Id"]) for row in rows)
    return [row_id.removeprefix(HEAD_PREFIX) for row_id in ids if row_id.startswith(HEAD_PREFIX)]


def written_scope(text: str, installation: Installation) -> str:
    """Return the scope that a text means: by its own name, written or not, or by its account's where that has one alone.

    Raises WrongUsage where it has several.
    """
    names = _live_scopes(installation.master)
    if text in (CONFIG_SCOPE, *names) or "/" in text:
        return text
    called = [
        setup.scope.name for setup in _accepted_setups(installation) if text in setup.scope.called
    ]
    found = sorted({*called, *(name for name in names if name.startswith(f"{text}/"))})
    if len(found) > 1:
        raise WrongUsage(
            f"{text!r} may be each of these", fix=f"name one of them: {', '.join(found)}"
        )
    return found[0] if found else text


def page_of(
    installation: Installation,
    question: Question,
    *,
    limit: int,
    token: str | None,
    wanted: RecordFilter = ANY_RECORD,
) -> Page:
    """Return up to ``limit`` records that are wanted, over as many queries as that takes; the token says where to go on.

    A page that is nearly full is not filled up by queries that each look at a few lines. What stands in no chain has no
    sequence. Raises as a page.
    """
    records: list[RecordSummary] = []
    for _ in range(MAX_QUERIES):
        page = installation.ledger.page(question, limit=limit - len(records), token=token)
        records += filter(wanted.wants, page.records)
        token = page.next_token
        if token is None or limit - len(records) <= limit // 10:
            break
    return Page(Chained(installation.leases).marked(records), token)


def find_records(installation: Installation, name: str) -> tuple[LedgerRecord, ...]:
    """Return the record of an audit id, those of a transaction, or of the last change of an object.

    Raises WrongUsage if there is none of them, and as any read.
    """
    found = installation.ledger.find(name)
    if found:
        return found
    stray = installation.ledger.stray(name)
    if stray is not None:
        raise DamagedState(f"ledger: {stray.what}", fix=stray.fix)
    try:
        return last_change(name, installation, installation.master.process.clock())
    except WrongUsage as error:
        if "/" in name:
            raise
        raise WrongUsage(
            f"the ledger has no record and no transaction {name!r}, and no object is called so",
            fix=error.fix,
        ) from error


def _accepted_setups(installation: Installation) -> tuple[ScopeSetup, ...]:
    """Return the scopes whose accounts the tables name; none where these cannot be read, which plans tell."""
    accounts, now = LiveAccounts(installation), installation.master.process.clock()
    try:
        return accounts.scopes(accounts.accepted(installation.tables.observe(), now))
    except EnvctlError:
        return ()


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

    others = WrittenByOthers(installation)
    ledger, damages = installation.ledger, dict[str, dict[Finding, None]]()

    def tell(damage: Finding) -> None:
        damages.setdefault(damage.where, {})[damage] = None

    strays, named = find_strays(master.store.scan(ledger.table))
    report = verify_ledger(
        dict.fromkeys(
            [
                *written_scopes(master),
                *named,
                *(setup.scope.name for setup in _accepted_setups(installation)),
                *(found.by_scope if found else ()),
                *installation.archive.reached(),
            ]
        ),
        ledger.chains(tell),
        installation.leases,
        sleep=master.process.sleep,
        tables=TablesNow(tables, others) if replay else None,
        blobs=ledger.blobs,
        anchors=found.by_scope if found else {},
    )
    scopes = tuple(
        scope.with_findings((*damages.get(scope.scope, ()), *lost_row(installation.archive, scope)))
        for scope in report.scopes
    )
    report = replace(report, scopes=scopes, strays=strays, by_others=others.count)
    return replace(report, anchors=found.compared, unusable=found.unusable) if found else report
