"""The forms in which a plan is printed, and written beside that to files for a pipeline."""

import re
import shlex
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from controller import __version__
from controller.cli.process import note, say, say_lines
from controller.engine.authoring.write_files import write_file
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.errors import WrongUsage
from controller.views.documents.plan import render_json
from controller.views.plan.html import render_html
from controller.views.plan.markdown import LEAST_BUDGET, Links, render_markdown
from controller.views.plan.text import text_lines
from controller.views.plan.wording import AS_USUAL, Asked
from controller.views.put_back import unused_tokens
from controller.views.style import plain

_ADDRESS: Final = re.compile(r"https?://[!-;=?-~]+")
"""Nothing in it ends a link in Markdown or HTML: no space, no angle bracket."""


class PlanFormat(StrEnum):
    """How a plan is shown."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"


BudgetOption = Annotated[
    int | None,
    typer.Option(
        "--budget",
        metavar="BYTES",
        help="Most bytes of --format markdown; default: 65536, what a comment on GitHub holds. What is left out is counted.",
    ),
]
FilesOption = Annotated[
    str,
    typer.Option(
        "--files-at",
        metavar="URL",
        help="What stands before the path of a file on the code host, for links: https://github.com/acme/fleet/blob/COMMIT.",
    ),
]
WholeOption = Annotated[
    str,
    typer.Option(
        "--whole-at", metavar="URL", help="Where all of the plan will be, for who reads a cut one."
    ),
]
ReportOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--report",
        metavar="FILE",
        help="Also write it to a file: as .md, .html, .json or .txt says. Repeatable.",
    ),
]
_FORMATS: Final = {
    ".txt": PlanFormat.TEXT,
    ".md": PlanFormat.MARKDOWN,
    ".json": PlanFormat.JSON,
    ".html": PlanFormat.HTML,
}


class Shown(NamedTuple):
    """How a plan is shown, besides its format."""

    expand: bool = False
    budget: int | None = None
    links: Links = Links()
    asked: Asked = AS_USUAL
    """What it was asked for with: text that is typed again where it is read."""

    def checked(self, reports: Iterable[Path]) -> "Shown":
        """Return it. Raises WrongUsage for a budget that holds no report, no address, or a file of no known form."""
        if self.budget is not None and self.budget < LEAST_BUDGET:
            raise WrongUsage(
                f"--budget {self.budget}: no report fits", fix=f"give at least {LEAST_BUDGET}"
            )
        for option, address in (
            ("--files-at", self.links.files),
            ("--whole-at", self.links.whole),
        ):
            if address and not _ADDRESS.fullmatch(address):
                raise WrongUsage(
                    f"{option} {address!r} is no address", fix="give one that begins with https://"
                )
        for path in reports:
            if path.suffix not in _FORMATS:
                raise WrongUsage(
                    f"--report {path}: what form it has is not known",
                    fix=f"let its name end in {', '.join(_FORMATS)}",
                )
        return self


def asked_for(
    config: str | None, source: str | None, scopes: Iterable[str], out: Path | None = None
) -> Asked:
    """Return what was asked for, as it is typed again."""
    return Asked(
        "" if config is None else f" --config {shlex.quote(config)}",
        "" if source is None else f" --source {shlex.quote(source)}",
        "".join(f" --scope {shlex.quote(scope)}" for scope in scopes),
        "" if out is None else shlex.quote(str(out)),
    )


def plan_file(run: CombinedPlan) -> bytes:
    """Return the plan as the file that apply reads."""
    return render_json(run.plan, names=run.names, controller_version=__version__)


def show_plan(run: CombinedPlan, output: PlanFormat, shown: Shown) -> None:
    """Print a plan, then what is to be said of its approvals."""
    if output is PlanFormat.TEXT:
        say_lines(text_lines(run.plan, names=run.names, expand=shown.expand, asked=shown.asked))
    else:
        say(_rendered(run, output, shown))
    note_unused_tokens(run)


def write_reports(run: CombinedPlan, paths: Iterable[Path], shown: Shown) -> None:
    """Write a plan to files, each in the form that its name ends in; what user data says is in them. Raises WrongUsage."""
    for path in paths:
        text = _rendered(run, _FORMATS[path.suffix], shown)
        write_file(path, text.encode(), private=True)


def _rendered(run: CombinedPlan, output: PlanFormat, shown: Shown) -> str:
    match output:
        case PlanFormat.TEXT:
            return plain(
                text_lines(run.plan, names=run.names, expand=shown.expand, asked=shown.asked)
            )
        case PlanFormat.MARKDOWN:
            return render_markdown(
                run.plan,
                names=run.names,
                expand=shown.expand,
                budget=shown.budget,
                links=shown.links,
            )
        case PlanFormat.HTML:
            return render_html(run.plan, names=run.names)
        case PlanFormat.JSON:
            return plan_file(run).decode()


def note_unused_tokens(run: CombinedPlan) -> None:
    """Say which approvals were given for changes that are others now, or tell no changes apart."""
    for remark in unused_tokens(run):
        note(remark)
