"""One call of envctl: its global options, what commands are built from, made when first asked for, and the options several have."""

import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from controller import catalog
from controller.cli.process import (
    at_rest,
    may_ask,
    note,
    process_context,
    say,
    say_document,
    say_lines,
    terminal_width,
)
from controller.cli.terminal.completion import scope_names
from controller.engine.authoring.write_files import append_to
from controller.engine.config.observe import ObservedConfig
from controller.engine.config.planner import Planner
from controller.engine.installation.desired_source import AT_REF, open_desired
from controller.engine.installation.installation import (
    Installation,
    Master,
    find_installation,
    open_settings,
)
from controller.engine.installation.process_context import ProcessContext
from controller.engine.installation.signed_approvals import signed_lines
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.published_accounts import PublishedAccounts
from controller.engine.notifications.news import News, sign
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.engine.reconcile.reconciler import Reconciled, Reconciler
from controller.engine.snapshots.service import open_snapshot
from controller.engine.snapshots.source import PREFIX
from controller.errors import EnvctlError, ExitCode, WrongUsage
from controller.events import (
    DesiredLoaded,
    DesiredRejected,
    Emit,
    Event,
    discard_event,
    lines_to,
)
from controller.ledger.records import iso_ms
from controller.model.ledger_record import Requester
from controller.ports import DesiredSource, Source
from controller.settings import Settings
from controller.sources.same_repository import state_named
from controller.variables import CONFIG_VARIABLE, SERVER_VARIABLE
from controller.views.answer import Answer
from controller.views.plan.remarks import warnings_text
from controller.views.plan.wording import Asked

if TYPE_CHECKING:
    from controller.cli.remote.server import Server


class Format(StrEnum):
    """How most commands answer."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", "-o", help="text, or one JSON document.")]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="SOURCE",
        help="FOLDER, git+https://HOST/REPOSITORY@REF#FOLDER, ref:BRANCH, s3://BUCKET/PREFIX or snapshot:ID; default: the settings' source.",
    ),
]
ApproveOption = Annotated[
    list[str] | None,
    typer.Option(
        "--approve",
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
    list[str] | None,
    typer.Option(
        "--scope",
        metavar="SCOPE",
        help="Only config, or ACCOUNT/REGION, or all of an ACCOUNT by name or number. Repeatable.",
        autocompletion=scope_names,
    ),
]
RefOption = Annotated[
    str | None,
    typer.Option(
        "--ref",
        metavar="BRANCH",
        help="The settings' Git source at another branch, tag or commit. Short for --source ref:BRANCH.",
    ),
]


def at_ref(ref: str, source: str | None) -> str:
    """Return the SOURCE text of the settings' source at another ref. Raises WrongUsage where another source is named besides."""
    if source is not None:
        raise WrongUsage(
            "--ref and a source both say what is read", fix="leave one of them out: --source …@REF"
        )
    return f"{AT_REF}{ref}"


@dataclass(eq=False)
class Invocation:
    """Raises what its parts raise: WrongUsage for settings, TableMissing before a bootstrap."""

    config: str | None
    events: str | None
    """The global options."""
    opened: ExitStack = field(default_factory=ExitStack)
    """What is closed when the command ends."""
    process: ProcessContext = field(default_factory=process_context)

    @cached_property
    def server(self) -> "Server | None":
        """The daemon that answers instead of AWS, where the environment names one."""
        if not self.process.environment.get(SERVER_VARIABLE):
            return None
        from controller.cli.remote.server import server_of

        return server_of(self.process.environment)

    @property
    def config_name(self) -> str | None:
        """Where the settings are: as the command says, else the environment; None if neither does."""
        return self.config or self.process.environment.get(CONFIG_VARIABLE)

    def as_typed(self, text: str) -> str:
        """Return a text whose commands have the ``--config`` that this one was given."""
        if self.config is None:
            return text
        from controller.cli.commands import COMMANDS
        from controller.cli.terminal.as_asked import with_settings

        return with_settings(text, self.config, COMMANDS)

    def as_shown(self, planned: CombinedPlan) -> CombinedPlan:
        """Return a plan whose commands have the ``--config`` that this one was given."""
        if self.config is None:
            return planned
        from controller.cli.terminal.as_asked import plan_as_asked

        return plan_as_asked(planned, self.as_typed)

    def result_as_shown(self, result: Reconciled) -> Reconciled:
        """Return what came of a run in the same way."""
        if self.config is None:
            return result
        from controller.cli.terminal.as_asked import result_as_asked

        return result_as_asked(result, self.as_typed)

    @cached_property
    def settings(self) -> Settings:
        """The settings, with the environment's values in them."""
        return open_settings(self.config, self.process)

    @cached_property
    def master(self) -> Master:
        """The master account. Where the environment names a server, it is said that this is not asked of it."""
        if self.process.environment.get(SERVER_VARIABLE):
            note(
                f"envctl: {SERVER_VARIABLE} does not answer this: it is done in AWS, with your own rights"
            )
        return Master(self.settings, self.process, catalog.kinds())

    @cached_property
    def installation(self) -> Installation:
        """The installation in the master account."""
        return find_installation(self.master)

    @cached_property
    def live(self) -> LiveAccounts:
        """The accounts the installation works in."""
        return LiveAccounts(self.installation)

    @cached_property
    def emit(self) -> Emit:
        """What events are told to. Where one of them is news, whoever tells others looks again once the command has ended."""
        news = News()
        self.opened.callback(self._pass_on, news)
        return news.hearing(self.lines)

    @cached_property
    def lines(self) -> Emit:
        """What writes events as lines, where that is asked for."""
        if self.events is None:
            return discard_event

        def moment() -> str:
            return iso_ms(self.process.clock())

        if self.events == "-":
            return lines_to(sys.stderr, moment)
        return lines_to(self.opened.enter_context(_appended(Path(self.events))), moment)

    def _pass_on(self, news: News) -> None:
        process = self.process
        # It is told all the same, later: the daemon that tells looks at everything now and then.
        with suppress(EnvctlError):
            news.pass_on(
                lambda: sign(
                    self.master.store, self.master.state_table, process.instance, process.clock()
                )
            )

    def planner(self, text: str | None) -> Planner:
        """Return what loads and plans that source: a folder, Git, or ``snapshot:ID``."""
        opening: Callable[[], Source | DesiredSource]
        if text is not None and text.startswith(PREFIX):
            opening = partial(open_snapshot, self.installation, text)
        else:
            opening = partial(open_desired, text, self.settings, self.process)
        own = text is None and self.settings.approvals.signed is not None
        signed = partial(signed_lines, self.master) if own else None
        return Planner(opening, self.settings, catalog.kinds(), signed)

    def planner_of_base(self, base: str, source: str | None) -> Planner:
        """Return what loads the state a source is compared with: a source of its own, or a branch of that one's repository."""

        def opened() -> Source | DesiredSource:
            found = state_named(base, self.planner(source).source, self.process.cache_dir)
            return self.planner(base).source if found is None else found

        return Planner(opened, self.settings, catalog.kinds())

    def reconciler(
        self,
        source: str | None,
        emit: Emit,
        observed: ObservedConfig | None = None,
        accounts: PublishedAccounts | None = None,
    ) -> Reconciler:
        """Return what plans and applies that source; nothing of AWS is looked at where ``observed`` is given instead.

        ``accounts`` are those of that place, as they were last seen.
        """
        return Reconciler(
            planner=self.planner(source),
            live=accounts if observed is not None else self.live,
            clock=self.process.clock,
            announce_within=timedelta(seconds=self.settings.overrides.announce_seconds),
            own_source=source is None,
            observed=observed,
            emit=emit,
        )

    def requester(self, trigger: str) -> Requester:
        """Return the person at work, and the command they gave."""
        return Requester(self.process.user, trigger, self.process.host)


def say_answer(answer: Answer, output: Format) -> None:
    """Print an answer, and note what is remarked about it."""
    if output is Format.JSON:
        say_document(answer.document, answer.fields())
    elif answer.styled is not None:
        say_lines(answer.styled())
    else:
        width = None if answer.fitted is None else terminal_width()
        text = answer.text() if answer.fitted is None or width is None else answer.fitted(width)
        if text:
            say(text)
    for remark in answer.remarks:
        note(remark)


def note_warnings(emit: Emit, asked: Callable[[], Asked], event: Event) -> None:
    """Say how many warnings the desired state has, and what lists them with what was ``asked`` for, beside telling the event on."""
    if isinstance(event, DesiredLoaded | DesiredRejected) and event.warnings:
        note(warnings_text(event.warnings, asked()))
    emit(event)


def ask(*, as_json: bool, fix: str, declined: str) -> None:
    """End the command unless somebody says that what it changes may be done; ``fix`` is for where there is nobody."""
    if as_json or not may_ask():
        raise WrongUsage("this changes something, and there is nobody to ask", fix=fix)
    with at_rest():
        says_yes = typer.confirm("Apply?", err=True)
    if not says_yes:
        note(declined)
        raise typer.Exit(ExitCode.CHANGES)


def _appended(path: Path) -> TextIO:
    """Open a file for events; it stays open until the command ends, as events may come until then."""
    try:
        return append_to(path)
    except OSError as error:
        raise WrongUsage(
            f"--events {path}: cannot be written: {error.strerror}", fix="name a file that can be"
        ) from error
