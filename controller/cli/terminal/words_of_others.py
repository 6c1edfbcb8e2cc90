"""Commands and options by the names that other tools have for them: what they are called here, in a line."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from controller.errors import WrongUsage

COMMANDS_OF_OTHERS: Final[Mapping[str, str]] = {
    "check": "validate",
    "create": "new",
    "describe": "explain",
    "diff": "plan",
    "events": "audit list",
    "history": "audit list",
    "lint": "validate",
    "list": "get",
    "logs": "audit list",
    "ls": "get",
    "preview": "plan",
    "reconcile": "apply",
    "show": "explain",
    "sync": "apply",
    "undo": "rollback",
    "watch": "status --watch",
}
"""Name elsewhere -> our command."""
_LEFT_OUT: Final = "take it out of the YAML: envctl plan shows what goes with it"
NO_COMMAND: Final[Mapping[str, str]] = {
    "config": "envctl status --settings shows each setting, and where it came from",
    "delete": _LEFT_OUT,
    "destroy": _LEFT_OUT,
    "edit": "edit the YAML: envctl plan shows what would change",
    "fmt": "envctl validate checks YAML; none is written anew",
    "format": "envctl validate checks YAML; none is written anew",
    "refresh": "leave it out: envctl plan looks anew each time",
    "remove": _LEFT_OUT,
    "rm": _LEFT_OUT,
    "state": "what there is: envctl get WHAT",
}
"""Name elsewhere of what no command does -> what is done instead."""
OPTIONS_OF_OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    "--auto-approve": ("--yes",),
    "--dry-run": ("--plan",),
    "--filename": ("--source",),
    "--json": ("--format json",),
    "--namespace": ("--account", "--scope"),
    "--output": ("--format",),
    "--selector": ("--label",),
    "--target": ("--scope",),
    "-f": ("--source",),
    "-n": ("--account", "--scope"),
    "-t": ("--scope",),
    "-w": ("--watch",),
}
"""Name elsewhere -> our options, of which a command has one, another or none."""
_TOLD_BY_EVENTS: Final = "--events - before the command tells each step, as JSON on standard error"
_ALL: Final = "leave it out: what no option leaves out is all there"
ANYWHERE: Final[Mapping[str, str]] = {
    "--all": _ALL,
    "--all-namespaces": _ALL,
    "--color": "leave it out: terminals get colours; NO_COLOR=1 in the environment takes them",
    "--debug": _TOLD_BY_EVENTS,
    "--input": "leave it out: without a terminal nobody is asked",
    "--no-color": "NO_COLOR=1 in the environment",
    "--profile": "AWS_PROFILE=NAME in the environment",
    "--recursive": "leave it out: a folder is read with all that is in it",
    "--region": "region: NAME in the settings, or ENVCTL_REGION=NAME in the environment",
    "--verbose": _TOLD_BY_EVENTS,
    "--watch": "envctl status --watch shows where everything stands, again and again",
    "-A": _ALL,
    "-R": "leave it out: a folder is read with all that is in it",
    "-V": "here it is envctl --version",
    "-v": _TOLD_BY_EVENTS,
    "-w": "envctl status --watch shows where everything stands, again and again",
}
"""Name elsewhere of what no option of the command does -> what is done instead."""
HERE: Final = "here it is"
_INSTEAD: Final[Mapping[tuple[str, str], str]] = {
    ("apply", "--dry-run"): "envctl plan shows what would be done",
    ("apply", "--prune"): "leave it out: what the YAML has no more is deleted, as planned",
    ("apply", "-f"): "YAML is named by --source; a file of plan --out by its name alone",
    ("plan", "--auto-approve"): "envctl apply --yes does it without asking",
    ("plan", "--destroy"): _LEFT_OUT,
    ("plan", "--detailed-exitcode"): "leave it out: where there are changes it ends with 2",
    ("plan", "--dry-run"): "leave it out: plan changes nothing",
    ("plan", "--refresh"): "leave it out: it looks anew each time; --observed takes a last look",
}
"""Command and option -> what is typed instead, where that is another command."""
_ONE_DASH: Final = re.compile(r"-([a-z][a-z-]+)(?:=.*)?", re.DOTALL)


def refuse_command_of_others(name: str) -> None:
    """Raise WrongUsage for a command that another tool calls by this name: with our name, or what is done instead."""
    ours = COMMANDS_OF_OTHERS.get(name)
    fix = f"here it is envctl {ours}" if ours else NO_COMMAND.get(name)
    if fix:
        raise WrongUsage(f"there is no command {name!r}", fix=fix)


def option_here(command: str, option: str, known: Collection[str]) -> str | None:
    """Return what to type in place of an option of other tools; None where nothing is like it.

    ``known`` are the options that the command has.
    """
    if (command, option) in _INSTEAD:
        return _INSTEAD[command, option]
    for ours in OPTIONS_OF_OTHERS.get(option, ()):
        if ours.partition(" ")[0] in known:
            return f"{HERE} {ours}"
    return ANYWHERE.get(option)


def with_two_dashes(arguments: Sequence[str]) -> list[tuple[str, str]]:
    """Return the words that begin with one dash and are longer than a letter, as some tools have them, each with its name by two."""
    found = map(_ONE_DASH.fullmatch, arguments)
    return [(one[0].partition("=")[0], f"--{one[1]}") for one in found if one]
