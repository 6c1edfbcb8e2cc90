"""Which days a calendar freezes: nothing is then changed in the environments of the types that name it. Pure."""

from datetime import date

from controller.model.accepted import AcceptedState


def frozen_because(accepted: AcceptedState, calendar: str, day: date) -> str:
    """Return why a calendar freezes a day (of UTC); empty if it does not.

    A calendar that cannot be read freezes: what it would have held back cannot be known.
    """
    spec = accepted.spec("Calendar", calendar)
    if spec is None:
        return f"Calendar/{calendar} cannot be read"
    for dates in spec.dates:
        excepted = dates.excepted(calendar)
        if excepted.first <= day <= excepted.last:
            return f"{dates.name} (Calendar/{calendar}), until the end of {excepted.last} UTC"
    return ""
