"""Options that several commands have."""

from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """How most commands answer."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="text, or one JSON document.")]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        help="FOLDER or git+https://HOST/REPOSITORY@REF#FOLDER; default: the settings' source.",
    ),
]
OverrideOption = Annotated[
    list[str] | None,
    typer.Option(
        "--override",
        metavar="GUARD@DIGEST",
        help="Approve exactly the changes a guard counted; the refusal prints it. Repeatable.",
    ),
]
AdoptOption = Annotated[
    bool, typer.Option("--adopt", help="Take over objects that exist and are nobody's.")
]
DeepOption = Annotated[
    bool,
    typer.Option(
        "--deep",
        help="Look at accounts closely: hooks, notifications, scaling schedules, newer images.",
    ),
]
ScopeOption = Annotated[
    list[str] | None, typer.Option("--scope", help="Only this scope (config). Repeatable.")
]
