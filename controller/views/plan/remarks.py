"""What is said beside a plan: warnings of the desired state, overrides that have ended or end soon, how old what nobody looked for is."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from controller.engine.reconcile.reconciler import Reconciled
from controller.model.observed import CONFIG_SCOPE
from controller.views.override_text import ended_lines, soon_lines
from controller.views.plan.field_lines import counted
from controller.views.plan.wording import AS_USUAL, Asked
from controller.views.time_text import age_text, moment_text


def warnings_text(count: int, asked: Asked = AS_USUAL) -> str:
    """Return how many warnings the desired state has, and where to read them: a plan is read for its changes."""
    said = f"{counted(count, 'warning')} in the desired state"
    return f"{said}: envctl{asked.settings} validate{asked.source} shows what"


def endings(planned: Reconciled, now: datetime) -> Iterator[str]:
    """Yield a line for each override whose end the next apply records, then for each that ends soon."""
    for line in ended_lines(planned.ended):
        yield f"{line}; the next apply records it"
    yield from soon_lines(planned.ending_soon, now)


def ages(seen: Mapping[str, datetime], now: datetime) -> Iterator[str]:
    """Yield a line for each scope, the config scope first: when it was last seen, and how long ago that is."""
    for scope in sorted(seen, key=lambda name: (name != CONFIG_SCOPE, name)):
        yield f"{scope}: as seen {age_text(now, seen[scope])} ago, {moment_text(seen[scope])}"
