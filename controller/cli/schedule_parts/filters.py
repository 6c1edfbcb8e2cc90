"""Which environments exceptions and reports are about."""

from collections.abc import Sequence
from typing import Annotated

import typer

from controller.engine.queries.schedules.exceptions import Filter
from controller.errors import WrongUsage

TeamOption = Annotated[
    str | None, typer.Option("--team", metavar="CLUSTER", help="Only this team's environments.")
]
TypeOption = Annotated[
    str | None, typer.Option("--type", metavar="TYPE", help="Only environments of this type.")
]
LabelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--label", metavar="KEY=VALUE", help="Only environments with this label. Repeatable."
    ),
]


def filter_of(team: str | None, kind: str | None, labels: Sequence[str] | None) -> Filter:
    """Return the filter. Raises WrongUsage for a label that is no KEY=VALUE."""
    pairs = {}
    for label in labels or ():
        key, equals, value = label.partition("=")
        if not (key and equals):
            raise WrongUsage(f"--label {label}: no KEY=VALUE", fix="write purpose=performance")
        pairs[key] = value
    return Filter(team=team or "", type=kind or "", labels=pairs)
