"""Why a plan says that an object changes."""

from controller.model.accepted import AcceptedState
from controller.model.live import LiveLook
from controller.model.observed import ObservedState
from controller.model.plan import Cause
from controller.planning.diff import DiffOptions, diff
from controller.ports import LiveTarget, Shaping
from tests.support.live_account import NOW


def cause_in(
    target: LiveTarget, state: AcceptedState, look: LiveLook, observed: ObservedState
) -> tuple[Cause, str] | None:
    """Return why the only object changes, as a plan says it; None where it does not."""
    projected = target.project(state, look, observed, NOW)
    assert not projected.asks, projected.asks
    assert not projected.left, projected.notes
    result = diff(projected.projections, observed, DiffOptions(target=target.name, now=NOW))
    if not result.changes:
        return None
    (change,) = result.changes
    shaping = projected.shapings.get(change.ref, Shaping())
    because = change.because if shaping.because is None else shaping.because
    return shaping.cause or change.cause, because
