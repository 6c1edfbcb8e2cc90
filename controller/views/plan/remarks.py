"""What is said beside a plan: how many warnings the desired state has, and which overrides have ended or end soon."""

from collections.abc import Iterator
from datetime import datetime

from controller.engine.reconcile.reconciler import Reconciled
from controller.views.override_text import ended_lines, soon_lines
from controller.views.plan.field_lines import counted
from controller.views.plan.wording import AS_USUAL, Asked


def warnings_text(count: int, asked: Asked = AS_USUAL) -> str:
    """Return how many warnings the desired state has, and where to read them: a plan is read for its changes."""
    said = f"{counted(count, 'warning')} in the desired state"
    return f"{said}: envctl{asked.settings} validate{asked.source} shows what"


def endings(planned: Reconciled, now: datetime) -> Iterator[str]:
    """Yield a line for each override whose end the next apply records, then for each that ends soon."""
    for line in ended_lines(planned.ended):
        yield f"{line}; the next apply records it"
    yield from soon_lines(planned.ending_soon, now)
