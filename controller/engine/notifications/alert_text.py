"""Alerts as people read them in a chat: one message for all that is to be told at once. Pure."""

from collections.abc import Iterable
from typing import Final

from controller.model.alert import KnownAlert, runbook_of
from controller.model.printable import in_short
from controller.redactor import REDACTOR

SHOWN: Final = 20
"""So many alerts are in one message; status has all of them."""
LONGEST_LINE: Final = 500


def alert_text(alerts: Iterable[KnownAlert], installation: str) -> str:
    """Return the message: what begins first, then what is over; each with what to type and the page that explains it."""
    ordered = sorted(alerts, key=lambda one: (one.cleared_at is not None, one.alert.key))
    lines = [_line(one) for one in ordered[:SHOWN]]
    if len(ordered) > SHOWN:
        lines.append(f"… and {len(ordered) - SHOWN} more  → envctl status")
    return REDACTOR.redact("\n".join([f"envctl {installation[:12]}", *lines]))


def _line(known: KnownAlert) -> str:
    alert = known.alert
    subject = f" {alert.key.subject}" if alert.key.subject else ""
    if known.cleared_at is not None:
        return in_short(f"over: {alert.key.kind}{subject}", LONGEST_LINE)
    text = in_short(f"{alert.key.kind}{subject}: {alert.text}", LONGEST_LINE)
    return f"{text}  → {in_short(alert.next, LONGEST_LINE)}  ({runbook_of(alert.key.kind)})"
