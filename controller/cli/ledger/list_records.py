"""``envctl audit list``: changes, newest first."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from controller.cli.invocation import Format, FormatOption, Invocation
from controller.cli.process import note, say, say_document
from controller.engine.queries.audit import Asked, page_of
from controller.engine.queries.moments import parse_moment, parse_period
from controller.errors import WrongUsage
from controller.ledger.queries import Page, Period
from controller.views.audit import TITLES, list_lines, transaction_lines
from controller.views.documents.audit import list_json

SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="2026-11-24, 2026-11-24T19:00 (UTC), or 2h ago."),
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="TIME", help="As --since.")]
WhenOption = Annotated[
    str | None,
    typer.Option(
        "--when",
        metavar="PERIOD",
        help="7d, yesterday, or TIME..TIME, either of which may be left out: 'yesterday 18:00..'.",
    ),
]
KindOption = Annotated[
    str | None, typer.Option("--kind", metavar="KIND", help="Changes of objects of one kind.")
]
NameOption = Annotated[
    str,
    typer.Option("--name", metavar="NAME", help="Changes of what goes by this name, of any kind."),
]
EnvironmentOption = Annotated[
    str,
    typer.Option(
        "--environment",
        metavar="NAME",
        help="Changes of an environment, its upstreams, virtual hosts, groups and instances.",
    ),
]
CommitOption = Annotated[
    str, typer.Option("--commit", metavar="COMMIT", help="What a commit changed; 7 digits do.")
]


class ChangeType(StrEnum):
    """What was done, as lists show it; ``not-seen`` tells of a time in which nobody read a stream."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    FOUND = "found"
    NOT_SEEN = "not-seen"


_RECORDED = {title.replace(" ", "-"): name for name, title in TITLES.items()}
TypeOption = Annotated[
    ChangeType | None, typer.Option("--type", help="Changes of one type.", show_choices=True)
]
_FEWEST_DIGITS = 4
EntityOption = Annotated[
    str | None, typer.Option("--entity", metavar="REF", help="Changes of one object: Kind/name.")
]
ActorOption = Annotated[
    str | None,
    typer.Option("--actor", metavar="WHO", help="Changes by somebody: WHO as the list shows it."),
]
TransactionOption = Annotated[
    str | None, typer.Option("--transaction", metavar="ID", help="Changes of one apply.")
]
RecordsOption = Annotated[
    bool, typer.Option("--records", help="A line a record, not a line an apply.")
]
PowerOption = Annotated[
    bool, typer.Option("--power", help="Also instances switched by schedule, which are many.")
]
LimitOption = Annotated[
    int, typer.Option("--limit", metavar="N", help="How many records, at most 1000.")
]
PageOption = Annotated[
    str | None, typer.Option("--page", metavar="TOKEN", help="Go on where a list ended.")
]


def list_records(
    context: typer.Context,
    *,
    entity: EntityOption = None,
    actor: ActorOption = None,
    transaction: TransactionOption = None,
    kind: KindOption = None,
    name: NameOption = "",
    environment: EnvironmentOption = "",
    commit: CommitOption = "",
    change_type: TypeOption = None,
    when: WhenOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    records: RecordsOption = False,
    power: PowerOption = False,
    limit: LimitOption = 200,
    page: PageOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """List changes, newest first: a line an apply, or with a question a line a record."""
    call: Invocation = context.obj
    installation, now = call.installation, call.process.clock()
    period = _period(when, since, until, now)
    asked = Asked(
        entity=entity,
        actor=actor,
        transaction=transaction,
        kind=kind,
        name=name,
        environment=environment,
        commit=_checked_commit(commit),
        change_type=_RECORDED[change_type] if change_type else None,
        since=period.since,
        until=period.until,
        power=power,
        now=now,
    )
    question, wanted = asked.question(installation), asked.wanted(installation)
    found = page_of(installation, question, limit=limit, token=page, wanted=wanted)
    if output is Format.JSON:
        say_document("audit-list", list_json(found.records, found.next_token))
        return
    each = records or entity is not None or transaction is not None
    say("\n".join((list_lines if each else transaction_lines)(found.records)))
    _note_more(asked, found, is_first=page is None and not each)


def _note_more(asked: Asked, found: Page, *, is_first: bool) -> None:
    if asked.actor is not None and not found.records:
        note(
            f"nobody is called {asked.actor!r} to the letter: --actor takes WHO as the list shows it"
        )
    if asked.is_of_config and is_first:
        note("of the config tables alone; --since TIME lists what was changed in accounts too")
    if found.next_token:
        note(f"there is more: --page {found.next_token}")


def _checked_commit(text: str) -> str:
    if text and len(text) < _FEWEST_DIGITS:
        raise WrongUsage(f"--commit {text} may be any", fix="give 7 digits of it, or all")
    return text


def _period(when: str | None, since: str | None, until: str | None, now: datetime) -> Period:
    if when is None:
        bounds = (parse_moment(text, now) if text else None for text in (since, until))
        return Period(*bounds)
    if since or until:
        raise WrongUsage("--when says from when to when", fix="leave --since and --until out")
    return parse_period(when, now)
