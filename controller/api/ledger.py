"""The ledger asked: by what the command takes, and by the parameters that programs of the old product send."""

from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from controller.api.answers import respond, says
from controller.api.served import Served
from controller.api.threads import in_threads_of
from controller.engine.queries.audit import Asked, find_records, page_of
from controller.engine.queries.blame import blame
from controller.engine.queries.moments import parse_moment, period_of
from controller.engine.queries.past_state import past_state
from controller.errors import WrongUsage
from controller.ledger.queries import Page
from controller.ledger.questions import MAX_LIMIT, OfPeriod, Question
from controller.views.audit.blame import blame_answer
from controller.views.audit.records import RECORDED, audit_answer, records_answer
from controller.views.past_state import state_answer

_PATH: Final = "/api/v1/audit"
_USUAL: Final = 200
Text = Annotated[str | None, Field(max_length=1024)]
Token = Annotated[str | None, Field(max_length=4096)]
Limit = Annotated[int | None, Field(ge=1, le=MAX_LIMIT)]


class LedgerQuery(BaseModel):
    """What is asked: as ``envctl audit list`` takes it, and as the old product's programs ask."""

    since: Annotated[Text, Field(description="2026-11-24, 2026-11-24T19:00 (UTC), or 2h")] = None
    until: Text = None
    entity: Annotated[
        Text,
        Field(
            description="Changes of one object: Kind/name; of an environment: of all that is of it"
        ),
    ] = None
    actor: Annotated[Text, Field(description="Changes by somebody: WHO, or a part of it")] = None
    transaction: Text = None
    kind: Annotated[Text, Field(description="Changes of objects of one kind")] = None
    name: Annotated[
        Text, Field(description="Changes of what goes by this name, and its overrides")
    ] = None
    environment: Annotated[Text, Field(description="Changes of all that is an environment's")] = (
        None
    )
    commit: Annotated[Text, Field(description="What a commit changed; 7 digits do")] = None
    type: Annotated[
        Literal["created", "updated", "deleted", "found", "not-seen"] | None,
        Field(description="Changes of one type"),
    ] = None
    when: Annotated[Text, Field(description="7d, yesterday, or TIME..TIME")] = None
    power: Annotated[bool, Field(description="Also instances switched by schedule")] = False
    records: Annotated[bool, Field(description="As text: a line a record")] = False
    limit: Limit = None
    page: Annotated[Token, Field(description="Where a page before said it goes on")] = None
    entity_type: Annotated[
        Text, Field(alias="Entity.Type", description="A kind or a table: filters a page")
    ] = None
    entity_key: Annotated[
        Text, Field(alias="Entity.Key", description="With Entity.Type: one object")
    ] = None
    change_type: Annotated[
        Text, Field(alias="ChangeType", description="Created, Updated, Deleted: filters a page")
    ] = None
    per_page: Annotated[Limit, Field(description="As limit")] = None
    start_key: Annotated[Token, Field(alias="exclusiveStartKey", description="As page")] = None


def ledger_routes(served: Served) -> APIRouter:
    """Return the routes. Whoever asks needs the scope read."""
    ledger, allowed = _Ledger(served), [Depends(served.access.may("read"))]
    router = APIRouter(tags=["audit"], dependencies=allowed)
    for path, answer, document in (
        (_PATH, ledger.records, "audit-list"),
        (f"{_PATH}/{{name:path}}", ledger.record, "audit-show"),
        ("/api/v1/blame", ledger.blame, "audit-blame"),
        ("/api/v1/state", ledger.state, "audit-state"),
    ):
        endpoint = in_threads_of(served.slow, answer)
        router.add_api_route(path, endpoint, methods=["GET"], responses=says(document))
    return router


class _Ledger:
    def __init__(self, served: Served) -> None:
        self._served = served

    def records(self, request: Request, asks: Annotated[LedgerQuery, Query()]) -> Response:
        """Changes, newest first; a Link header leads to the next page."""
        now, installation = self._served.now(), self._served.installation
        period = period_of(asks.when, asks.since, asks.until, now)
        asked = Asked(
            entity=self._entity(asks),
            actor=asks.actor,
            transaction=asks.transaction,
            kind=asks.kind,
            name=asks.name or "",
            environment=asks.environment or "",
            commit=asks.commit or "",
            change_type=RECORDED[asks.type] if asks.type else None,
            since=period.since,
            until=period.until,
            power=asks.power,
            now=now,
        ).meant(installation)
        token = asks.page or asks.start_key
        question = asked.question(installation)
        found = page_of(
            installation,
            question,
            limit=asks.limit or asks.per_page or _USUAL,
            token=token,
            wanted=asked.wanted(installation),
        )
        answer = audit_answer(
            asked, self._filtered(found, asks), records=asks.records, first=token is None
        )
        return respond(request, answer, _next(request, asked, question, found.next_token))

    def record(self, request: Request, name: str) -> Response:
        """A record by its audit id, all of a transaction, or the last change of an object."""
        return respond(request, records_answer(find_records(self._served.installation, name)))

    def blame(
        self, request: Request, what: Annotated[str, Query(min_length=1, max_length=1024)]
    ) -> Response:
        """Who gave each field of an object, called by any of its names, its value."""
        return respond(request, blame_answer(blame(self._served.installation, what)))

    def state(
        self,
        request: Request,
        at: Annotated[str, Query(min_length=1, max_length=64, description="As since")],
        kind: Annotated[Text, Query(description="Objects of one kind alone")] = None,
        as_yaml: Annotated[bool, Query(alias="yaml", description="As text: YAML")] = False,
        what: Annotated[Text, Query(description="One object alone, by any of its names")] = None,
    ) -> Response:
        """The config tables as they were at a moment."""
        moment = parse_moment(at, self._served.now())
        found = past_state(self._served.installation, moment, kind, what)
        return respond(request, state_answer(moment, found, as_yaml=as_yaml))

    def _entity(self, asks: LedgerQuery) -> str | None:
        if asks.entity is None and asks.entity_type is not None and asks.entity_key is not None:
            return f"{self._kind(asks.entity_type)}/{asks.entity_key}"
        return asks.entity

    def _filtered(self, found: Page, asks: LedgerQuery) -> Page:
        master, tables = self._served.installation.master, None
        if asks.entity_type is not None:
            kind = master.kinds[self._kind(asks.entity_type)]
            prefix = master.settings.resource_prefix
            tables = {table.prefixed(prefix).name for table in kind.tables}
        kept = tuple(
            record
            for record in found.records
            if (tables is None or record.entity.table in tables)
            and asks.change_type in (None, record.change_type)
        )
        return Page(kept, found.next_token)

    def _kind(self, entity_type: str) -> str:
        """Return the kind that is meant by its name or that of one of its tables. Raises WrongUsage."""
        master = self._served.installation.master
        bare = entity_type.removeprefix(master.settings.resource_prefix)
        for kind in master.kinds.values():
            tables = {table.name for table in kind.tables}
            # The old product's programs leave out how some tables begin.
            if bare == kind.name or {bare, f"Infra{bare}"} & tables:
                return str(kind.name)
        raise WrongUsage(
            f"Entity.Type {entity_type!r} is no kind and no table of one",
            fix=f"kinds: {', '.join(master.kinds)}",
        )


def _next(request: Request, asked: Asked, question: Question, token: str | None) -> dict[str, str]:
    """Return the header that leads to the next page: the same question with its moments written out, from there on.

    It is relative: nobody's Host is believed.
    """
    if token is None:
        return {}
    until = question.until if isinstance(question, OfPeriod) else asked.until
    told = {"since": asked.since, "until": until}
    replaced = {*told, "page", "exclusiveStartKey"}
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] not in replaced]
    pairs += [(name, at.isoformat()) for name, at in told.items() if at is not None]
    return {"Link": f'<{_PATH}?{urlencode([*pairs, ("page", token)])}>; rel="next"'}
