"""Alerts begin once and are over once, whoever looks how often; and nobody hears the end of what they never heard of."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from controller.decisions.alerts import alert_steps
from controller.model.alert import Alert, AlertKey, AlertKind, KnownAlert

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
REFUSED = Alert(AlertKey(AlertKind.GUARD_REFUSED, "config"), "7 deletes")
STORM = Alert(AlertKey(AlertKind.DRIFT_STORM, "config Service/Search"), "left alone")
SINKS = ("webhook", "topic")


def test_what_stands_and_was_not_known_is_raised() -> None:
    steps = alert_steps({}, [REFUSED], SINKS, NOW)

    assert steps.raised == (KnownAlert(REFUSED, NOW),)
    assert steps[1:] == ((), ())


def test_what_stands_on_is_nothing_new_whatever_it_says_now() -> None:
    known = {REFUSED.key: KnownAlert(REFUSED, NOW)}

    steps = alert_steps(known, [Alert(REFUSED.key, "8 deletes")], SINKS, NOW)

    assert steps == ((), (), ())


def test_what_a_sink_was_told_is_over_is_kept_until_it_heard_so() -> None:
    known = {REFUSED.key: KnownAlert(REFUSED, NOW, told={"webhook": "raised"})}
    later = NOW + timedelta(minutes=5)

    over = alert_steps(known, [], SINKS, later)

    assert [one.cleared_at for one in over.cleared] == [later]
    assert over.forgotten == ()
    pending = {REFUSED.key: over.cleared[0]}
    assert alert_steps(pending, [], SINKS, later) == ((), (), ())
    heard = {REFUSED.key: KnownAlert(REFUSED, NOW, later, {"webhook": "cleared"})}
    assert alert_steps(heard, [], SINKS, later) == ((), (), (REFUSED.key,))


def test_what_nobody_was_told_of_is_forgotten_at_once() -> None:
    steps = alert_steps({STORM.key: KnownAlert(STORM, NOW)}, [], SINKS, NOW)

    assert [one.alert for one in steps.cleared] == [STORM]
    assert steps.forgotten == (STORM.key,)


def test_what_comes_back_before_its_end_was_told_is_not_told_again() -> None:
    told = {"webhook": "raised", "topic": "cleared"}
    known = {REFUSED.key: KnownAlert(REFUSED, NOW, NOW, told)}  # type: ignore[arg-type]  # two words

    [again] = alert_steps(known, [REFUSED], SINKS, NOW).raised

    assert not again.owed_to("webhook")
    assert again.owed_to("topic")


@given(st.lists(st.sets(st.sampled_from([REFUSED, STORM])), max_size=12), st.data())
def test_every_sink_hears_of_each_beginning_and_end_alternately(
    rounds: list[set[Alert]], data: st.DataObject
) -> None:
    known: dict[AlertKey, KnownAlert] = {}
    heard: dict[tuple[str, AlertKey], list[str]] = {}
    for number, standing in enumerate([*rounds, set(), set()]):
        steps = alert_steps(known, standing, SINKS, NOW + timedelta(minutes=number))
        for changed in (*steps.cleared, *steps.raised):
            known[changed.alert.key] = changed
        for key in steps.forgotten:
            known.pop(key)
        for sink in SINKS:
            if number < len(rounds) and data.draw(st.booleans()):
                continue  # it does not answer
            for key, one in known.items():
                if one.owed_to(sink):
                    heard.setdefault((sink, key), []).append(one.word)
                    known[key] = KnownAlert(
                        one.alert, one.since, one.cleared_at, {**one.told, sink: one.word}
                    )

    assert known == {}
    for words in heard.values():
        assert words == ["raised", "cleared"] * (len(words) // 2)
