"""What is remembered of notifications comes back as it was; what is damaged counts as not there."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.engine.state.notification_rows import (
    SinkHealth,
    ToldChanges,
    alert_of_row,
    alerts_in,
    row_of_alert,
    row_of_sink,
    row_of_told,
    sink_of_row,
    sinks_in,
    told_of_row,
)
from controller.model.alert import Alert, AlertKey, AlertKind, KnownAlert
from controller.model.ref import Reason

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001 - made aware at once
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
ALERTS = st.builds(
    KnownAlert,
    st.builds(
        Alert,
        st.builds(AlertKey, st.sampled_from(AlertKind), st.text(max_size=20)),
        st.text(max_size=20),
        st.text(max_size=20),
    ),
    MOMENTS,
    st.none() | MOMENTS,
    st.dictionaries(st.sampled_from(["webhook", "topic"]), st.sampled_from(["raised", "cleared"])),
)


@given(ALERTS)
def test_an_alert_comes_back_as_it_was(known: KnownAlert) -> None:
    assert alert_of_row(row_of_alert(known)) == known
    assert alerts_in([row_of_alert(known), {"Id": "head#config"}]) == {known.alert.key: known}


@pytest.mark.parametrize(
    "damage",
    [{"Id": "alert#no-such#x"}, {"Text": None, "Since": 7}, {"Since": "soon"}, {"Told": "webhook"}],
)
def test_a_damaged_alert_is_none(damage: dict[str, Any]) -> None:
    row = row_of_alert(KnownAlert(Alert(AlertKey(AlertKind.DRIFT_STORM, "x"), "t"), NOW))

    assert alert_of_row({**row, **damage}) is None


def test_a_sink_comes_back_as_it_was_and_a_damaged_one_is_tried() -> None:
    failing = SinkHealth("webhook", 3, Reason("gone"), NOW)

    assert sink_of_row("webhook", row_of_sink(failing)) == failing
    assert sinks_in([row_of_sink(failing), {"Id": "alert#x"}]) == (failing,)
    assert sink_of_row("webhook", {"Failures": "many"}) == sink_of_row("webhook", None)
    assert SinkHealth("webhook").is_due(NOW)


def test_what_was_told_comes_back_as_it_was_and_is_unknown_where_damaged() -> None:
    told = ToldChanges({"config": 7})

    assert told_of_row(row_of_told(told)) == told
    assert told_of_row(None) is None
    assert told_of_row({"Sequences": 7}) is None
    assert told_of_row({"Sequences": {"config": "many"}}) is None
