"""What an installation lacks, scope by scope, and what mends it. Looks only; nothing is written anywhere."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, TypeVar

from controller.aws.table_setup import TableState, describe_table, find_differences
from controller.engine.commit.lease import head_lost
from controller.engine.installation.bootstrap import MAX_THREADS, all_tables
from controller.engine.installation.desired_source import open_desired
from controller.engine.installation.installation import Installation, Master
from controller.engine.live.observe import ScopeSetup
from controller.engine.power.fleet import AcceptedNow, accepted_now
from controller.engine.queries.archive import old_records
from controller.engine.queries.doctor.account import AccountDoctor
from controller.engine.queries.doctor.buckets import check_buckets
from controller.engine.queries.doctor.fitness import (
    UPGRADE,
    check_clock,
    check_streams,
    check_version,
)
from controller.engine.queries.doctor.messaging import check_messaging
from controller.engine.queries.doctor.report import INSTALLATION, Check, Health, check_of_error
from controller.engine.snapshots.places import newest_proven, open_store
from controller.engine.state.damaged_overrides import sorted_out
from controller.engine.state.open_records import OPEN_PREFIX, open_records_of_row
from controller.engine.state.override_rows import override_rows_in
from controller.errors import DamagedState, EnvctlError, ScopeFromTheFuture, WrongUsage
from controller.ledger.archived.archive import ArchivedTo
from controller.ledger.ledger_table import SCOPE_INDEX
from controller.model.ledger_record import Head
from controller.model.observed import CONFIG_SCOPE
from controller.model.table import TableDefinition
from controller.settings import Settings

LONGEST_WITHOUT: Final = timedelta(hours=50)
"""So old may the newest proven snapshot be, and so late may old records be moved: one night may fail, and the next be late."""

T = TypeVar("T")


class Patient(Protocol):
    """What is examined; each part is made when it is asked for, and raises what keeps it from being made."""

    @property
    def config_name(self) -> str | None:
        """Where the settings are: a path or ``s3://bucket/key``; None if nowhere."""

    @property
    def settings(self) -> Settings:
        """The settings."""

    @property
    def master(self) -> Master:
        """The master account."""

    @property
    def installation(self) -> Installation:
        """The installation in it."""


def examine(patient: Patient, wanted: str | None) -> tuple[Check, ...]:
    """Examine everything, or what concerns one scope: ``config``, an account's name or number, ``account/region``.

    What is found is the result; a check that the next ones need ends it when it fails. Raises WrongUsage for a scope that
    does not exist.
    """
    return tuple(_until_one_ends_it(_checks(patient, wanted)))


class _Ended(Exception):
    """A check failed that the next ones need."""

    def __init__(self, check: Check) -> None:
        super().__init__(check.what)
        self.check = check


def _until_one_ends_it(checks: Iterator[Check]) -> Iterator[Check]:
    try:
        yield from checks
    except _Ended as end:
        yield end.check


def _needed(make: Callable[[], T], of: str) -> T:
    """Return what the next checks need. Raises _Ended with the check of it."""
    try:
        return make()
    except EnvctlError as error:
        raise _Ended(check_of_error(INSTALLATION, of, error)) from error


def _checks(patient: Patient, wanted: str | None) -> Iterator[Check]:
    settings = _needed(lambda: patient.settings, "settings")
    yield Check(INSTALLATION, "settings", Health.OK, f"readable; region {settings.region}")
    yield _source(patient, settings)
    master = _needed(lambda: patient.master, "credentials")
    account = _needed(master.aws.own_account, "credentials")
    yield Check(INSTALLATION, "credentials", Health.OK, f"of account {account}")
    yield check_clock(master)
    streams, of_tables = _tables(master)
    yield from of_tables
    if wanted is None:
        yield from check_streams(master, streams)
        yield from check_buckets(master, patient.config_name)
        yield from check_messaging(master)
    installation = _needed(lambda: patient.installation, "id")
    yield Check(INSTALLATION, "id", Health.OK, installation.id)
    yield check_version(master)
    now = master.process.clock()
    found = _needed(lambda: accepted_now(installation, now), "config tables")
    setups = _wanted(wanted, found.accounts.scopes(found.accepted))
    if wanted is None:
        yield _snapshots(master, now)
        yield _old_records(installation, now)
    if wanted in (None, CONFIG_SCOPE):
        yield from _head(CONFIG_SCOPE, installation, now)
        yield from _unreadable(found)
        yield from _damaged_overrides(master)
    doctor = AccountDoctor(installation, found.accepted, found.accounts.targets, now)
    doctor.know(setups)
    parallel = settings.live.parallel_scopes
    with ThreadPoolExecutor(parallel, thread_name_prefix="doctor") as pool:
        for setup, checks in zip(setups, pool.map(doctor.examine, setups), strict=True):
            yield from checks
            yield from _head(setup.scope.name, installation, now)


def _source(patient: Patient, settings: Settings) -> Check:
    given = settings.source
    if given.git is None and given.folder is None:
        return Check(
            INSTALLATION,
            "source",
            Health.LACKS,
            "the settings say nowhere what is desired",
            "add source: {git: {url: …, ref: main}} to the settings, or name one with --source each time",
        )
    try:
        source = open_desired(None, settings, patient.master.process)
        source.changed_since(None)
    except EnvctlError as error:
        return check_of_error(INSTALLATION, "source", error)
    return Check(INSTALLATION, "source", Health.OK, f"{source.name} answers")


def _snapshots(master: Master, now: datetime) -> Check:
    of = "snapshots"
    if not master.settings.snapshots.is_placed:
        return Check(INSTALLATION, of, Health.OK, "none are taken: the settings name no place")
    try:
        store = open_store(master)
        newest = newest_proven(store)
    except EnvctlError as error:
        return check_of_error(INSTALLATION, of, error)
    fix = "envctl snapshot nightly, and have it run every night"
    if newest is None:
        return Check(INSTALLATION, of, Health.LACKS, f"none in {store.name} was proven", fix)
    age = now - newest.created_at
    hours = int(age.total_seconds() // 3600)
    what = f"{newest.id} was proven: {newest.items:,} items, {newest.stored_bytes:,} bytes, {hours:,} h old"
    if age > LONGEST_WITHOUT:
        return Check(INSTALLATION, of, Health.LACKS, f"the newest is old: {what}", fix)
    return Check(INSTALLATION, of, Health.OK, what)


def _old_records(installation: Installation, now: datetime) -> Check:
    """Say how far the ledger was moved out of its table, and whether what is old enough was."""
    of, settings = "old records", installation.master.settings.ledger
    try:
        archived = installation.archive.reached()
        if settings.keep_days is None:
            kept = "all stay in the table: ledger.keepDays is not set"
            return Check(INSTALLATION, of, Health.OK, _archived_text(archived) or kept)
        found = old_records(installation, now - LONGEST_WITHOUT)
    except EnvctlError as error:
        return check_of_error(INSTALLATION, of, error)
    what = _archived_text(archived) or "none were moved yet"
    left = sum(old.records + old.left for old in found)
    if left:
        what += f"; {left:,} more are older than {settings.keep_days} days"
        return Check(
            INSTALLATION,
            of,
            Health.LACKS,
            what,
            "envctl audit archive moves them; a daemon does it by itself",
        )
    return Check(INSTALLATION, of, Health.OK, what)


def _archived_text(archived: Mapping[str, ArchivedTo]) -> str:
    if not archived:
        return ""
    count = sum(to.sequence for to in archived.values())
    newest = max(to.at for to in archived.values())
    return f"{count:,} of {len(archived)} scope{'s' if len(archived) > 1 else ''} in segments, up to {newest[:10]}"


def _wanted(wanted: str | None, setups: Sequence[ScopeSetup]) -> tuple[ScopeSetup, ...]:
    if wanted is None:
        return tuple(setups)
    if wanted == CONFIG_SCOPE:
        return ()
    chosen = tuple(setup for setup in setups if wanted in setup.scope.called)
    if not chosen:
        known = ", ".join((CONFIG_SCOPE, *(setup.scope.name for setup in setups)))
        raise WrongUsage(f"there is no scope {wanted!r}", fix=f"choose from {known}")
    return chosen


def _tables(master: Master) -> tuple[Mapping[str, str], Sequence[Check]]:
    """Compare every table with its definition; those that fit are one check. Also return the ARNs of streams, by the table's name."""
    definitions = all_tables(master.kinds.values(), master.settings.resource_prefix)

    def of_table(definition: TableDefinition) -> tuple[str, list[Check]]:
        try:
            state = describe_table(master.client, definition.name)
        except EnvctlError as error:
            return "", [check_of_error(INSTALLATION, "tables", error)]
        return (state.stream_arn if state else ""), list(_table(definition, state))

    with ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="doctor") as pool:
        looked = list(pool.map(of_table, definitions))
    names = [definition.name for definition in definitions]
    streams = {name: arn for name, (arn, _) in zip(names, looked, strict=True) if arn}
    found = [check for _, checks in looked for check in checks]
    text = f"{len(definitions)} tables as they should be"
    return streams, found or [Check(INSTALLATION, "tables", Health.OK, text)]


def _table(definition: TableDefinition, state: TableState | None) -> Iterator[Check]:
    if state is None:
        yield Check(
            INSTALLATION,
            "tables",
            Health.LACKS,
            f"{definition.name} does not exist",
            "envctl bootstrap",
        )
        return
    for difference in find_differences(definition, state):
        fix = (
            "envctl bootstrap --upgrade"
            if difference.mendable
            else "make a new table by hand and move its items; DynamoDB cannot change this in place"
        )
        yield Check(INSTALLATION, "tables", Health.LACKS, str(difference), fix)


def _head(scope: str, installation: Installation, now: datetime) -> Iterator[Check]:
    try:
        head = installation.leases.read(scope)
        table = installation.master.state_table
        store, ledger = installation.master.store, installation.ledger.table
        row = store.get(table, {"Id": OPEN_PREFIX + scope})
        left_open = open_records_of_row(row) if row else ()
        if head is None and store.has_any(ledger, SCOPE_INDEX, "Scope", scope):
            raise head_lost(scope)
    except DamagedState as error:
        yield check_of_error(scope, "owner", error, lacks=True)
        return
    except ScopeFromTheFuture as error:
        yield Check(scope, "owner", Health.LACKS, error.message, UPGRADE)
        return
    except EnvctlError as error:
        yield check_of_error(scope, "owner", error)
        return
    yield _lease(scope, head, now)
    if left_open:
        yield Check(
            scope,
            "records",
            Health.LACKS,
            "an earlier run announced changes and did not come to say what became of them",
            f"envctl apply --scope {scope} settles it by looking",
        )


def _lease(scope: str, head: Head | None, now: datetime) -> Check:
    if head is None:
        return Check(scope, "owner", Health.OK, "nobody; nothing was ever written here")
    until = datetime.fromtimestamp(head.lease_until / 1000, UTC)
    if head.owner and until > now:
        left_s = int((until - now).total_seconds())
        text = f"{head.owner}, epoch {head.epoch}, its lease ends in {left_s} s unless it renews"
    else:
        text = f"nobody, after epoch {head.epoch}"
    return Check(scope, "owner", Health.OK, text)


def _damaged_overrides(master: Master) -> Iterator[Check]:
    """Yield rows of overrides that are not as we write them, also where the ledger has what they were."""
    _, damaged = sorted_out(override_rows_in(master.store.scan(master.state_table)))
    for error in damaged.values():
        yield check_of_error(CONFIG_SCOPE, "overrides", error, lacks=True)


def _unreadable(found: AcceptedNow) -> Iterator[Check]:
    accepted = found.accepted
    for ref, why in sorted(accepted.unreadable.items()):
        yield Check(
            CONFIG_SCOPE,
            "documents",
            Health.LACKS,
            f"{ref}: {why}",
            "envctl plan shows how it differs from the source; envctl apply heals what was changed outside",
        )
    if not accepted.unreadable:
        text = f"{len(accepted.resources)} accepted and readable"
        yield Check(CONFIG_SCOPE, "documents", Health.OK, text)
