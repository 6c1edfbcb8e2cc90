"""What is owed to whom of an alert."""

from datetime import UTC, datetime

from controller.model.alert import Alert, AlertKey, AlertKind, KnownAlert, runbook_of

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def known(kind: AlertKind, cleared_at: datetime | None = None, **told: str) -> KnownAlert:
    return KnownAlert(Alert(AlertKey(kind, "x"), "text"), NOW, cleared_at, told)  # type: ignore[arg-type]  # words


def test_a_beginning_is_owed_to_who_has_not_heard_of_it() -> None:
    assert known(AlertKind.GUARD_REFUSED).owed_to("webhook")
    assert known(AlertKind.GUARD_REFUSED, webhook="cleared").owed_to("webhook")
    assert not known(AlertKind.GUARD_REFUSED, webhook="raised").owed_to("webhook")


def test_an_end_is_owed_to_who_heard_of_the_beginning() -> None:
    assert known(AlertKind.GUARD_REFUSED, NOW, webhook="raised").owed_to("webhook")
    assert not known(AlertKind.GUARD_REFUSED, NOW, webhook="cleared").owed_to("webhook")
    assert not known(AlertKind.GUARD_REFUSED, NOW).owed_to("webhook")


def test_the_end_of_what_was_announced_is_owed_to_nobody() -> None:
    assert not known(AlertKind.OVERRIDE_ENDS_SOON, NOW, webhook="raised").owed_to("webhook")


def test_every_alert_has_a_page() -> None:
    assert runbook_of(AlertKind.DRIFT_STORM) == "docs/runbooks/drift-storm.md"
