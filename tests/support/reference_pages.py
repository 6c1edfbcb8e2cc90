"""The pages of docs/reference that are made from the code."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from controller.cli.commands import COMMANDS, AllCommands
from controller.errors import ERROR_CLASSES, EXIT_ORDER
from tests.support.cost_page import INTRO as COSTS_INTRO
from tests.support.cost_page import cost_lines
from tests.support.document_page import document_page
from tests.support.event_pages import event_pages
from tests.support.http_page import INTRO, http_lines
from tests.support.kind_pages import kind_pages
from tests.support.metric_page import INTRO as METRICS_INTRO
from tests.support.metric_page import metric_lines
from tests.support.permission_pages import permission_pages
from tests.support.schedule_form_page import INTRO as FORMS_INTRO
from tests.support.schedule_form_page import schedule_form_lines
from tests.support.settings_page import INTRO as SETTINGS_INTRO
from tests.support.settings_page import settings_lines
from tests.support.target_pages import target_pages

NOTE = "<!-- Made from the code by `make golden`; edit the code. -->"

MEANINGS = {
    0: "nothing to do, or done",
    1: "the desired state is wrong",
    2: "the plan has changes to apply, or they were not confirmed; what is only observed is shown and does not count",
    3: "refused by a guard",
    4: "the plan went stale: what would be applied is not what was reviewed",
    5: "try again: source or AWS out of reach, throttled, not set up yet, or the scope is somebody else's",
    6: "access denied",
    7: "some changes failed or conflicted; `audit verify` found something; `doctor`: something lacks",
    64: "wrong usage: the command line or the settings",
    70: "our bug; the message says where the traceback is",
    130: "ended by Ctrl-C; 143 by SIGTERM. What was done is printed and recorded",
}


@cache
def pages() -> dict[str, str]:
    """Return file name -> text."""
    return {
        "commands.md": _commands(),
        "exit-codes.md": _exit_codes(),
        "settings.md": _page("Settings", SETTINGS_INTRO, settings_lines()),
        **event_pages(),
        "json.md": document_page(),
        "http.md": _page("HTTP", INTRO, http_lines()),
        "metrics.md": _page("Figures", METRICS_INTRO, metric_lines()),
        "schedule-forms.md": _page(
            "Forms of schedules that are refused", FORMS_INTRO, schedule_form_lines()
        ),
        "costs.md": _page("What it costs", COSTS_INTRO, cost_lines()),
        **kind_pages(),
        **target_pages(),
        **permission_pages(),
    }


def _page(title: str, intro: str, lines: Iterator[str]) -> str:
    return "\n".join([NOTE, f"# {title}", "", intro, "", *lines, ""])


_NAMES = """Every command takes names and sources alike:

| | |
|---|---|
| `REF` | An object: `Kind/name`, or a name alone (`c50`; of `c50/www.acme.example` also its last part). Of several of one name an Environment is meant, else they are listed. |
| `SCOPE` | `config`, which is the tables; `ACCOUNT/REGION`; or an account by name or number, which is all of its regions. |
| `SOURCE` | A folder, `git+https://HOST/REPOSITORY@REF#FOLDER` (or `git+ssh`, `git+file`), `ref:BRANCH` of the settings' own repository, `s3://BUCKET/PREFIX`, or `snapshot:ID`. `--source SOURCE` and, where a command has it, the bare word say the same; `--ref BRANCH` is short for `--source ref:BRANCH`. |
| `TIME` | `2026-11-24`, `2026-11-24T19:00` (UTC), `yesterday 18:00`, or `2h ago`; `PERIOD` is `7d`, a day, or `TIME..TIME`. |"""


def _commands() -> str:
    def lines() -> Iterator[str]:
        for name in COMMANDS:
            yield from _command(f"envctl {name}", AllCommands().get_command(None, name))

    intro = (
        "Before the command: `--config FILE` (a path or `s3://BUCKET/KEY`; default: `ENVCTL_CONFIG`), `--events FILE` "
        "(append events as JSON lines, `-` is standard error), `--version`, and `--install-completion` for your shell. "
        "Results go to standard output, remarks to standard error. [Exit codes](exit-codes.md) and [JSON](json.md) are stable."
        f"\n\n{_NAMES}"
    )
    return _page("Commands", intro, lines())


def _command(called: str, found: Any) -> Iterator[str]:
    names = getattr(found, "list_commands", None)
    if names:
        yield f"## {called}\n\n{found.help}\n"
        for name in names(None):
            yield from _command(f"{called} {name}", found.get_command(None, name))
        return
    arguments = [one for one in found.params if one.param_type_name == "argument"]
    options = [
        one for one in found.params if one.param_type_name == "option" and one.name != "help"
    ]
    words = [_argument(one) for one in arguments]
    yield f"## {' '.join([called, *words])}\n\n{found.help}\n"
    described = [(_argument(one), one.help) for one in arguments]
    described += [(_option(one), one.help) for one in options]
    if described:
        yield "| | |\n|---|---|"
        for name, text in described:
            shown = name.replace("|", "\\|")
            yield f"| `{shown}` | {(text or '').replace('|', chr(92) + '|')} |"
        yield ""


def _argument(one: Any) -> str:
    name = str(one.metavar or one.name.upper())
    return name if one.required or name.startswith("[") else f"[{name}]"


def _option(one: Any) -> str:
    names = ", ".join(one.opts)
    if one.is_flag:
        return names
    choices = one.type_descriptor.choices
    if choices:
        return f"{names} {'|'.join(str(getattr(choice, 'value', choice)) for choice in choices)}"
    return f"{names} {one.metavar or one.name.upper()}"


def _exit_codes() -> str:
    def lines() -> Iterator[str]:
        yield "| code | meaning | errors | another try may help | who acts |\n|---|---|---|---|---|"
        for code, meaning in MEANINGS.items():
            of_code = [one for one in ERROR_CLASSES.values() if one.exit_code == code]
            names = ", ".join(one.condition for one in of_code)
            tries = "; ".join(dict.fromkeys(one.retry for one in of_code))
            who = "; ".join(dict.fromkeys(one.who_acts for one in of_code))
            yield f"| {code} | {meaning} | {names} | {tries} | {who} |"

    order = ", ".join(map(str, EXIT_ORDER))
    intro = (
        f"Where several things happened in one run, the first of {order} is the exit code. Warnings change nothing. "
        "With `--format json` an error is a JSON document on standard output: "
        '`{"error": {"class", "exitCode", "message"}}`, its `class` one of the errors below.'
    )
    return _page("Exit codes", intro, lines())
