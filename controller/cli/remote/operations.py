"""What takes long, done by a daemon: asked for, waited for, and told as the command would have told it."""

from collections.abc import Callable
from typing import Final, NoReturn

import typer

from controller.cli.invocation import Invocation, ask
from controller.cli.process import note
from controller.cli.put_back.plan_and_ask import Asked
from controller.cli.remote.server import Query, Request, Server
from controller.errors import NotInTime

_FIRST_S: Final = 0.1
_LONGEST_S: Final = 2.0
"""Pauses between two questions: each is half as long again as the one before."""
_OVER: Final = frozenset({"done", "expired"})


def plan_ask_and_do(
    call: Invocation,
    server: Server,
    plan: Request,
    do: Callable[[str], Request],
    asked: Asked,
) -> NoReturn:
    """Show a plan, ask, and have it done: exactly the one that was shown, whose digest ``do`` is given. Ends the command."""
    planned = server.ask(plan, as_json=asked.as_json)
    if asked.plan_only or not asked.as_json:
        planned.show()
    if asked.plan_only:
        raise typer.Exit(planned.exit_code)
    if planned.acts and not asked.yes:
        ask(as_json=asked.as_json, fix="add --yes", declined=asked.declined)
    request = do(planned.digest)
    if request.method == "PUT":
        raise typer.Exit(server.answer(request, as_json=asked.as_json))
    done(call, server, request, as_json=asked.as_json)


def put_back(call: Invocation, server: Server, path: str, said: Query, asked: Asked) -> NoReturn:
    """Show the plan of a path, ask, and have it done by the daemon. Ends the command."""
    given = {name: value for name, value in said.items() if value not in (None, "", [])}
    plan_ask_and_do(
        call,
        server,
        Request(path, given),
        lambda digest: Request(path, {}, "POST", {**given, "expect": digest}),
        asked,
    )


def done(call: Invocation, server: Server, request: Request, *, as_json: bool) -> NoReturn:
    """Have the daemon do something, wait for it, and print what came of it. Ends the command."""
    operation = server.ask(request, as_json=True).fields
    name = str(operation.get("id", ""))
    pause_s, told = _FIRST_S, False
    while operation.get("state") not in _OVER:
        if not told and operation.get("state") == "waiting" and pause_s >= _LONGEST_S:
            note(f"envctl: operation {name} waits for what the daemon does now")
            told = True
        call.process.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LONGEST_S)
        operation = server.ask(Request(f"/operations/{name}"), as_json=True).fields
    if operation["state"] == "expired":
        raise NotInTime(
            f"operation {name}: no daemon began it within an hour, and none will",
            fix=f"curl -fsS {server.url}/readyz says whether that daemon works; then ask again",
        )
    result = Request(f"/operations/{name}/result")
    raise typer.Exit(server.answer(result, as_json=as_json))
