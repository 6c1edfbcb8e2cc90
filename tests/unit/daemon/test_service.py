"""Daemons that start together do not ask the source together for ever."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from controller.daemon.service import Daemon
from controller.daemon.systemd import Systemd
from controller.daemon_settings import IntervalSettings
from controller.events import Event

NOW = datetime.now(UTC)
INTERVALS = IntervalSettings(reconcile_seconds=60)


def daemon() -> Daemon:
    """Return one whose parts do nothing."""
    nothing: Any = SimpleNamespace(
        refresh=lambda: None,
        tick_source=lambda: None,
        tick_schedules=lambda: None,
        tick_looks=lambda: None,
        tick_clock=lambda: None,
        tick_streams=lambda: None,
        tick=lambda: None,
        start=lambda: None,
        stop=lambda _within_s: True,
        close=lambda: None,
        under_way=(),
        interruption=SimpleNamespace(asked=SimpleNamespace(set=lambda: None)),
        instance="a",
        settings=SimpleNamespace(intervals=INTERVALS),
        accounts=SimpleNamespace(scopes=lambda _accepted: ()),
        known=lambda: SimpleNamespace(accepted=None),
        clock=lambda: datetime.now(UTC),
    )
    told: list[Event] = []
    return Daemon(
        jobs=nothing,
        records=nothing,
        notify=nothing,
        workers=nothing,
        systemd=Systemd({}),
        emit=told.append,
    )


@pytest.fixture
def started() -> Iterator[Daemon]:
    level = logging.getLogger("apscheduler").level
    made = daemon()
    made.start()
    try:
        yield made
    finally:
        made.stop(1)
        logging.getLogger("apscheduler").setLevel(level)


def test_the_source_is_asked_a_little_before_or_after_its_time(started: Daemon) -> None:
    trigger = started._scheduler.get_job("source").trigger
    after = NOW + timedelta(days=1)
    moments = {trigger.get_next_fire_time(after, after) for _ in range(50)}

    assert len(moments) > 25
    offsets = [abs((moment - after).total_seconds() - 60) for moment in moments]
    assert 0.1 < max(offsets) <= 6 + 0.001


def test_other_ticks_keep_their_pace_from_when_the_daemon_began(started: Daemon) -> None:
    """They ask nobody outside, or what every daemon may ask once: works have an id for their moment."""
    others = [tick for tick in started._scheduler.get_jobs() if tick.id != "source"]

    assert {tick.id for tick in others} == {"schedules", "looks", "clock", "streams", "notify"}
    assert all(tick.trigger.jitter is None for tick in others)
