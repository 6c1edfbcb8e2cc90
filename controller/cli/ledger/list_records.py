"""``envctl audit list``: changes, newest first."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from controller.cli.invocation import Format, FormatOption, Invocation, say_answer
from controller.cli.remote.server import Request, Server
from controller.engine.queries.audit import Asked, page_of
from controller.engine.queries.moments import period_of
from controller.views.audit.records import RECORDED, audit_answer

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
    typer.Option(
        "--name",
        metavar="NAME",
        help="Changes of what goes by this name, of any kind, and its overrides.",
    ),
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


TypeOption = Annotated[
    ChangeType | None, typer.Option("--type", help="Changes of one type.", show_choices=True)
]
EntityOption = Annotated[
    str | None,
    typer.Option(
        "--entity",
        metavar="REF",
        help="Changes of one object: Kind/name, or a name that one alone has. Of an environment: of all that is of it.",
    ),
]
ActorOption = Annotated[
    str | None,
    typer.Option(
        "--actor",
        metavar="WHO",
        help="Changes by somebody: WHO as the list shows it, or a part of the name or address.",
    ),
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
    if call.server is not None:
        raise typer.Exit(_ask_server(call.server, context.params))
    installation, now = call.installation, call.process.clock()
    period = period_of(when, since, until, now)
    asked = Asked(
        entity=entity,
        actor=actor,
        transaction=transaction,
        kind=kind,
        name=name,
        environment=environment,
        commit=commit,
        change_type=RECORDED[change_type] if change_type else None,
        since=period.since,
        until=period.until,
        power=power,
        now=now,
    ).meant(installation)
    question, wanted = asked.question(installation), asked.wanted(installation)
    found = page_of(installation, question, limit=limit, token=page, wanted=wanted)
    say_answer(audit_answer(asked, found, records=records, first=page is None), output)


def _ask_server(server: Server, typed: Mapping[str, Any]) -> int:
    """Have a daemon answer what was typed, by the names of the parameters; return the exit code."""
    asked = {name: value for name, value in typed.items() if name not in {"output", "change_type"}}
    request = Request("/audit", {**asked, "type": typed["change_type"]})
    return server.answer(request, as_json=typed["output"] is Format.JSON)
