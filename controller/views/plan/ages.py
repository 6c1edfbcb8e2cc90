"""How old what a plan is made from is, where nobody looked for it."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from controller.model.observed import CONFIG_SCOPE
from controller.views.time_text import age_text, moment_text


def ages(seen: Mapping[str, datetime], now: datetime) -> Iterator[str]:
    """Yield a line for each scope, the config scope first: when it was last seen, and how long ago that is."""
    for scope in sorted(seen, key=lambda name: (name != CONFIG_SCOPE, name)):
        yield f"{scope}: as seen {age_text(now, seen[scope])} ago, {moment_text(seen[scope])}"
