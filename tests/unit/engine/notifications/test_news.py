"""What is news: what was said after something was written that alerts or changes are read off; passed on once, and not lost."""

import pytest

from controller.engine.notifications.news import NEWS_KEY, News, read_position, sign
from controller.errors import Throttled
from controller.events import DesiredLoaded, Event, ScopeStands, WorkDone, WorkFailed, WorkGivenUp
from controller.ledger.heads import row_of_head
from controller.model.ledger_record import Head
from controller.model.work import Job
from controller.targets.table_items.definitions import STATE_TABLE
from tests.support.estate import PREFIX, Estate

TABLE = PREFIX + STATE_TABLE.name
STANDS = ScopeStands("config", "stalled", "ok", "it is so", 1, "abc", 3)


def passed_on(news: News) -> int:
    signed: list[int] = []
    news.pass_on(lambda: signed.append(1))
    return len(signed)


@pytest.mark.parametrize(
    ("event", "wanted", "because"),
    [
        (STANDS, 1, "a scope stands otherwise"),
        (WorkGivenUp("config", Job.LOOK, "a bug"), 1, "there is a dead letter"),
        (WorkFailed("snapshots", Job.SNAPSHOT, "no bucket"), 1, "its row says that it failed"),
        (WorkDone("snapshots", Job.SNAPSHOT, 1.0), 1, "its row says that it did not"),
        (WorkDone("config", Job.LOOK, 1.0), 0, "a look alone changes nothing"),
        (DesiredLoaded("git", "abc", 1, 0), 0, "nothing is written for it"),
    ],
)
def test_some_events_are_news(event: Event, wanted: int, because: str) -> None:
    news, heard = News(), list[Event]()
    tell = news.hearing(heard.append)

    tell(event)

    assert passed_on(news) == wanted, because
    assert heard == [event], "whoever listened before hears it as before"


def test_news_are_passed_on_once() -> None:
    news = News()
    tell = news.hearing(lambda _event: None)
    tell(STANDS)
    tell(STANDS)

    assert [passed_on(news), passed_on(news)] == [1, 0]


def test_news_that_could_not_be_written_are_passed_on_the_next_time() -> None:
    news = News()
    news.hearing(lambda _event: None)(STANDS)

    def throttled() -> None:
        raise Throttled("slow down")

    with pytest.raises(Throttled):
        news.pass_on(throttled)

    assert passed_on(news) == 1


def test_a_signature_and_a_record_move_the_position_and_nothing_else_does() -> None:
    estate = Estate()
    store, now = estate.store, estate.clock.now
    store.put(TABLE, row_of_head(Head("config", 1, "", 0, 7, "aa")))
    before = read_position(store, TABLE, ("ConfigAccounts",))
    store.put(TABLE, row_of_head(Head("config", 2, "daemon-b", 99, 7, "aa")))
    assert read_position(store, TABLE, ("ConfigAccounts",)) == before

    sign(store, TABLE, "daemon-a", now)
    signed = read_position(store, TABLE, ())
    assert (signed != before, NEWS_KEY in signed) == (True, True)
    sign(store, TABLE, "daemon-b", now)
    both = read_position(store, TABLE, ())
    assert both != signed

    store.put(TABLE, row_of_head(Head("config", 2, "", 0, 8, "bb")))
    assert read_position(store, TABLE, ()) != both
