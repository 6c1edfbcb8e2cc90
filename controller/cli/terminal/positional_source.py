"""A source that is typed without ``--source``, where a command takes it so."""

from typing import Annotated

import typer

from controller.engine.installation.desired_source import AT_REF
from controller.engine.snapshots.source import PREFIX
from controller.errors import WrongUsage

SourceArgument = Annotated[
    str | None, typer.Argument(metavar="[SOURCE]", help="The same as --source SOURCE.")
]


def one_source(typed: str | None, source: str | None) -> str | None:
    """Return the source, of which one may be typed alone and one by the option. Raises WrongUsage for two."""
    if typed is not None and source is not None:
        raise WrongUsage("two sources are named", fix="leave one of them out")
    return typed if source is None else source


def is_address(text: str) -> bool:
    """Tell whether a text that could be the name of a file is the address of a source."""
    return text.startswith((AT_REF, PREFIX, "git+")) or "://" in text


def is_source(text: str) -> bool:
    """Tell whether a text that could be the name of an object is meant as a source: an address, or a path that cannot be a name."""
    is_path = text in {".", ".."} or text.startswith(("./", "../", "/", "~"))
    return is_address(text) or is_path or text.endswith("/")
