"""What is said of desired state that is put back from a snapshot or the ledger, besides its changes."""

from controller.engine.overrides.put_back import PreparedPutBack
from controller.planning.wording import NAMES_SHOWN
from controller.views.time_text import utc_text


def held_lines(prepared: PreparedPutBack) -> list[str]:
    """Return what is held against the settings' own source and until when, and which earlier overrides that ends."""
    lines = []
    objects = sorted({str(made.ref) for made in prepared.held})
    if objects:
        more = f" and {len(objects) - NAMES_SHOWN} more" if len(objects) > NAMES_SHOWN else ""
        until = prepared.held[0].until
        ends = f"until {utc_text(until)}" if until else "until Git changes their documents"
        lines.append(
            f"held {ends}, as Git says otherwise: {', '.join(objects[:NAMES_SHOWN])}{more}"
        )
    if prepared.superseded:
        count = len(prepared.superseded)
        lines.append(f"overrides of earlier restores and rollbacks that end: {count}")
    return lines
