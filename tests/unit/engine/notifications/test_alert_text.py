"""What a chat shows: beginnings first, each with what to type and its page; never a secret, never without bound."""

from dataclasses import replace
from datetime import UTC, datetime

from controller.engine.notifications.alert_text import SHOWN, alert_text
from controller.model.alert import Alert, AlertKey, AlertKind, KnownAlert
from controller.redactor import REDACTOR

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def known(subject: str, text: str = "7 deletes") -> KnownAlert:
    key = AlertKey(AlertKind.GUARD_REFUSED, subject)
    return KnownAlert(Alert(key, text, "envctl plan"), NOW)


def test_beginnings_come_first_with_what_to_type_and_the_page() -> None:
    over = replace(known("a"), cleared_at=NOW)

    assert alert_text(
        [
            over,
            known("config"),
            replace(
                known(""),
                alert=Alert(AlertKey(AlertKind.DEAD_LETTERS, ""), "1 work", "envctl status"),
            ),
        ],
        "0123456789abcdef",
    ) == (
        "envctl 0123456789ab\n"
        "dead-letters: 1 work  → envctl status  (docs/runbooks/dead-letters.md)\n"
        "guard-refused config: 7 deletes  → envctl plan  (docs/runbooks/guard-refused.md)\n"
        "over: guard-refused a"
    )


def test_a_flood_is_one_message_of_bounded_length() -> None:
    text = alert_text([known(f"scope-{n:03}", "x" * 9999) for n in range(500)], "i")

    assert len(text) < 15_000
    assert text.endswith(f"… and {500 - SHOWN} more  → envctl status")


def test_no_secret_is_in_it_and_no_line_can_be_made_up() -> None:
    REDACTOR.tell("a-very-secret-thing")

    said = known("config", "said a-very-secret-thing\nover: all")
    said = replace(said, alert=replace(said.alert, next="envctl explain a\nover: all"))
    text = alert_text([said], "i")

    assert "a-very-secret-thing" not in text
    assert len(text.splitlines()) == 2
