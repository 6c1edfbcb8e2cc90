"""What is said beside a plan: how many warnings the desired state has, and which overrides have ended or end soon."""

from collections.abc import Iterator
from datetime import datetime

from controller.engine.reconcile.reconciler import Reconciled
from controller.events import DesiredLoaded, DesiredRejected, Event
from controller.views.override_text import ended_text, soon_text
from controller.views.plan.field_lines import counted


def warnings_in(event: Event) -> str:
    """Return how many warnings an event tells of, and where to read them; empty for none: a plan is read for its changes."""
    found = event.warnings if isinstance(event, DesiredLoaded | DesiredRejected) else 0
    return (
        f"{counted(found, 'warning')} in the desired state: envctl validate shows what"
        if found
        else ""
    )


def endings(planned: Reconciled, now: datetime) -> Iterator[str]:
    """Yield a line for each override whose end the next apply records, then for each that ends soon."""
    for ending in planned.ended:
        yield f"{ended_text(ending.override, ending.why)}; the next apply records it"
    for ending_soon in planned.ending_soon:
        yield soon_text(ending_soon, now)
