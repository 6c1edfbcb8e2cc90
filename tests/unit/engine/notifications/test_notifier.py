"""What is told is told once: by several daemons, after restarts, and however often a sink fails."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from controller.engine.notifications.news import sign
from controller.engine.notifications.notifier import AT_LEAST_EVERY, SCOPE, Notifier, in_one_row
from controller.engine.state.notification_rows import TOLD_KEY, alerts_in, sinks_in
from controller.engine.state.override_rows import row_of_override
from controller.engine.state.rows import row_of_status
from controller.errors import EnvctlError, RefusedByAws, Unreachable
from controller.events import (
    AlertCleared,
    AlertRaised,
    Event,
    NotificationDropped,
    NotificationFailed,
    NotificationSent,
)
from controller.ledger.heads import row_of_head
from controller.ledger.records import EntityKey, iso_ms
from controller.ledger.summaries import NOBODY, RecordSummary
from controller.model.change_message import ChangeMessage
from controller.model.ledger_record import Head, Requester
from controller.model.observed import ScopeState, ScopeStatus
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.targets.table_items.definitions import STATE_TABLE
from tests.support.estate import PREFIX, Estate

TABLE = PREFIX + STATE_TABLE.name


@dataclass
class Chat:
    """Hears alerts, unless it is away."""

    name: str = "webhook"
    heard: list[str] = field(default_factory=list)
    away: bool = False
    tries: int = 0

    def send(self, text: str) -> None:
        self.tries += 1
        if self.away:
            raise Unreachable("the chat is away")
        self.heard += text.splitlines()[1:]


@dataclass
class Listener:
    """Hears changes, except those it is told to fail on."""

    name: str = "topics"
    heard: list[str] = field(default_factory=list)
    away: bool = False
    fails: dict[str, EnvctlError] = field(default_factory=dict)

    def send(self, messages: Sequence[ChangeMessage]) -> Mapping[int, EnvctlError]:
        if self.away:
            raise Unreachable("SNS is away")
        errors: dict[int, EnvctlError] = {}
        for index, message in enumerate(messages):
            name = message.attributes["ID"]
            if name in self.fails:
                errors[index] = self.fails[name]
                if not isinstance(self.fails[name], RefusedByAws):
                    break
            else:
                self.heard.append(name)
        return errors


@dataclass
class Fleet:
    """An installation whose scopes stand as a test says, and whose ledger holds what a test says."""

    estate: Estate = field(default_factory=Estate)
    chat: Chat = field(default_factory=Chat)
    listener: Listener | None = None
    lines: list[RecordSummary] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def daemon(self, name: str = "daemon-a", chats: Sequence[Chat] | None = None) -> Notifier:
        return Notifier(
            storage=lambda: self.estate.storage,
            lines_after=self._after,
            requester=Requester("envctl", "notify"),
            owner=name,
            scopes=lambda: {"config"},
            dead_letters=lambda: 0,
            announce_within=timedelta(minutes=30),
            alerts=[self.chat] if chats is None else chats,
            changes=self.listener,
            emit=self.events.append,
        )

    def round(self, daemon: Notifier, later_s: float = 30) -> None:
        self.estate.clock.sleep(later_s)
        daemon.round(self.estate.clock.now)

    def stands(self, state: ScopeState) -> None:
        now = self.estate.clock.now
        status = ScopeStatus(scope="config", state=state, since=now, tried_at=now)
        self.estate.store.put(TABLE, row_of_status(status))
        sign(self.estate.store, TABLE, "daemon-c", now)

    def changed(self, *names: str, age: timedelta = timedelta(0)) -> None:
        """Write records of changes of services, and the head behind them."""
        for name in names:
            self.lines.append(
                RecordSummary(
                    audit_id=name,
                    iso_timestamp=iso_ms(self.estate.clock.now - age),
                    transaction_id="run",
                    changed_by="ada",
                    entity=EntityKey(f"{PREFIX}InfraConfigServices", name),
                    entity_version=1,
                    change_type="Updated",
                    cause="edited",
                    phase="done",
                    origin="",
                    scope="config",
                    sequence=len(self.lines) + 1,
                    actor=NOBODY,
                )
            )
        self.estate.store.put(TABLE, row_of_head(Head("config", 1, "", 0, len(self.lines), "aa")))

    def row(self, row_id: str) -> Mapping[str, Any] | None:
        return self.estate.store.get(TABLE, {"Id": row_id})

    def told(self, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    def _after(self, scope: str, sequence: int) -> Iterable[RecordSummary]:
        return [line for line in self.lines if scope == "config" and line.sequence > sequence]


BEGAN = "guard-refused config: guard-refused  → envctl plan  (docs/runbooks/guard-refused.md)"
OVER = "over: guard-refused config"


@pytest.fixture
def fleet() -> Fleet:
    made = Fleet()
    made.stands(ScopeState.REFUSED)
    return made


def test_an_alert_is_told_when_it_begins_and_when_it_is_over_and_not_between(fleet: Fleet) -> None:
    daemon = fleet.daemon()

    for _ in range(3):
        fleet.round(daemon)
    assert fleet.chat.heard == [BEGAN]

    fleet.stands(ScopeState.OK)
    for _ in range(3):
        fleet.round(daemon)
    assert fleet.chat.heard == [BEGAN, OVER]
    assert alerts_in(fleet.estate.store.items(TABLE)) == {}
    assert (fleet.told(AlertRaised), fleet.told(AlertCleared)) == (1, 1)


def test_it_is_told_once_by_several_daemons_and_after_restarts(fleet: Fleet) -> None:
    first, second = fleet.daemon(), fleet.daemon("daemon-b")
    for _ in range(3):
        fleet.round(first)
        fleet.round(second, 0)
    first.close()
    fleet.round(second, 60)
    fleet.round(fleet.daemon("daemon-b"))

    assert fleet.chat.heard == [BEGAN]
    head = fleet.estate.leases.read(SCOPE)
    assert head is not None
    assert head.owner == f"daemon-b/{SCOPE}"


def test_a_daemon_that_slept_through_its_lease_tells_nothing_any_more(fleet: Fleet) -> None:
    sleeper, other = fleet.daemon(), fleet.daemon("daemon-b")
    fleet.stands(ScopeState.OK)
    fleet.round(sleeper)
    fleet.round(other, 90)
    fleet.stands(ScopeState.REFUSED)

    fleet.round(sleeper, 0)

    assert fleet.chat.heard == []
    fleet.round(other, 0)
    assert fleet.chat.heard == [BEGAN]


def test_a_sink_that_fails_is_tried_again_later_and_later_and_then_hears_it(fleet: Fleet) -> None:
    fleet.chat.away = True
    daemon = fleet.daemon()
    for _ in range(100):
        fleet.round(daemon, 1)

    assert fleet.chat.tries == 4, "after 10 s, 20 s, 40 s"
    [failing] = sinks_in(fleet.estate.store.items(TABLE))
    assert (failing.name, failing.failures) == ("webhook", 4)
    assert failing.because == "the chat is away"
    assert fleet.told(NotificationFailed) == 4

    fleet.chat.away = False
    fleet.round(fleet.daemon(), 900)
    assert fleet.chat.heard == [BEGAN]
    assert sinks_in(fleet.estate.store.items(TABLE)) == ()


def test_one_sink_that_fails_keeps_no_other_from_hearing(fleet: Fleet) -> None:
    away, there = Chat("topic", away=True), Chat()

    fleet.round(fleet.daemon(chats=[away, there]))

    assert there.heard == [BEGAN]


def test_a_sink_that_is_named_no_more_is_forgotten(fleet: Fleet) -> None:
    fleet.chat.away = True
    fleet.round(fleet.daemon())

    fleet.round(fleet.daemon(chats=[]))

    assert sinks_in(fleet.estate.store.items(TABLE)) == ()


def test_changes_are_told_from_when_it_is_first_asked_for_and_each_once() -> None:
    fleet = Fleet(listener=Listener())
    fleet.changed("Old")
    daemon = fleet.daemon()
    fleet.round(daemon)
    fleet.changed("Search", "Web")
    fleet.round(daemon)
    daemon.close()
    fleet.round(fleet.daemon("daemon-b"))

    assert fleet.listener is not None
    assert fleet.listener.heard == ["Search", "Web"]
    assert fleet.told(NotificationSent) == 1


def test_what_could_not_be_told_is_told_later_in_its_order() -> None:
    fleet = Fleet(listener=Listener())
    listener = fleet.listener
    assert listener is not None
    daemon = fleet.daemon()
    fleet.changed()
    fleet.round(daemon)
    fleet.changed("a", "b", "c")
    listener.fails = {"b": Unreachable("throttled")}
    fleet.round(daemon)
    assert listener.heard == ["a"]
    listener.fails, listener.away = {}, True
    fleet.round(daemon, 60)

    listener.away = False
    fleet.round(daemon, 60)

    assert listener.heard == ["a", "b", "c"]
    assert sinks_in(fleet.estate.store.items(TABLE)) == ()


def test_what_is_refused_for_good_holds_up_nothing_and_is_said() -> None:
    fleet = Fleet(listener=Listener(fails={"b": RefusedByAws("too odd")}))
    daemon = fleet.daemon()
    fleet.changed()
    fleet.round(daemon)
    fleet.changed("a", "b", "c")
    fleet.round(daemon)

    assert fleet.listener is not None
    assert fleet.listener.heard == ["a", "c"]
    assert fleet.told(NotificationDropped) == 1


def test_what_is_a_day_old_is_told_no_more_and_is_said() -> None:
    fleet = Fleet(listener=Listener())
    daemon = fleet.daemon()
    fleet.changed()
    fleet.round(daemon)
    fleet.changed("old", age=timedelta(hours=25))
    fleet.changed("new")
    fleet.round(daemon)

    assert fleet.listener is not None
    assert fleet.listener.heard == ["new"]
    [dropped] = [event for event in fleet.events if isinstance(event, NotificationDropped)]
    assert dropped.messages == 1


def test_where_changes_are_told_no_more_what_was_told_is_forgotten() -> None:
    fleet = Fleet(listener=Listener())
    fleet.changed("a")
    fleet.round(fleet.daemon())
    assert fleet.row(TOLD_KEY) is not None
    fleet.listener = None
    fleet.round(fleet.daemon())

    assert fleet.row(TOLD_KEY) is None


def test_where_nothing_is_new_and_nothing_due_one_request_tells(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans, reads = _counted(fleet, monkeypatch)
    daemon = fleet.daemon()
    fleet.round(daemon)
    del scans[:], reads[:]

    for _ in range(20):
        fleet.round(daemon)
    assert (len(scans), len(reads)) == (0, 20)

    fleet.stands(ScopeState.OK)
    fleet.round(daemon)
    fleet.round(daemon)
    assert len(scans) == 2, "once to tell that it is over, once to forget it"
    fleet.round(daemon)
    assert len(scans) == 2

    fleet.round(daemon, AT_LEAST_EVERY.total_seconds())
    assert len(scans) == 3, "what a command did in an account is found at last"


def test_what_the_clock_alone_begins_is_told_at_its_moment(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans, _ = _counted(fleet, monkeypatch)
    fleet.stands(ScopeState.OK)
    now = fleet.estate.clock.now
    until, environment = now + timedelta(minutes=40), ResourceRef("Environment", "c50")
    override = Override("ov-1", environment, "late work", "ada", now, until=until)
    fleet.estate.store.put(TABLE, row_of_override(override))
    daemon = fleet.daemon()
    for _ in range(19):
        fleet.round(daemon)
    assert (len(scans), fleet.chat.heard) == (1, [])

    fleet.round(daemon)

    assert len(scans) == 2
    [told] = fleet.chat.heard
    assert told.startswith("override-ends-soon ov-1")


def test_a_change_that_the_index_shows_late_is_told_when_it_does() -> None:
    fleet = Fleet(listener=Listener())
    daemon = fleet.daemon()
    fleet.changed()
    fleet.round(daemon)
    fleet.changed("a")
    late = fleet.lines.pop()
    fleet.round(daemon)
    assert fleet.listener is not None
    assert fleet.listener.heard == []

    fleet.lines.append(late)
    fleet.round(daemon)

    assert fleet.listener.heard == ["a"]


def _counted(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """Return the tables that are scanned, and read by key in batches, from now on."""
    store, scans, reads = fleet.estate.store, list[str](), list[str]()
    scan, batch_get = store.scan, store.batch_get

    def scanned(table: str, segments: int = 1) -> Iterable[Any]:
        scans.append(table)
        return scan(table, segments)

    def read(table: str, keys: Iterable[Mapping[str, Any]]) -> Iterable[Any]:
        reads.append(table)
        return batch_get(table, keys)

    monkeypatch.setattr(store, "scan", scanned)
    monkeypatch.setattr(store, "batch_get", read)
    return scans, reads


def test_a_record_that_the_index_does_not_show_yet_is_waited_for() -> None:
    fleet = Fleet()
    fleet.changed("a", "b", "c")
    first, _, third = fleet.lines
    now = fleet.estate.clock.now

    assert list(in_one_row([first, third], 0, now)) == [first]
    late = now + timedelta(minutes=6)
    assert list(in_one_row([first, third], 0, late)) == [first, third]
