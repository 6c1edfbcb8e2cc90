"""Commands and options by the names that other tools have for them: what they are called here, in a line."""

from collections.abc import Collection, Mapping
from typing import Final

from controller.errors import WrongUsage

COMMANDS_OF_OTHERS: Final[Mapping[str, str]] = {
    "describe": "explain",
    "diff": "plan",
    "history": "audit list",
    "lint": "validate",
    "list": "get",
    "logs": "audit list",
    "ls": "get",
    "show": "explain",
    "sync": "apply",
    "undo": "rollback",
}
"""Name elsewhere -> our command."""
OPTIONS_OF_OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    "--auto-approve": ("--yes",),
    "--dry-run": ("--plan",),
    "--filename": ("--source",),
    "--json": ("--format json",),
    "--output": ("--format",),
    "--selector": ("--label",),
    "--target": ("--scope",),
    "-f": ("--source",),
    "-n": ("--account", "--scope"),
}
"""Name elsewhere -> our options, of which a command has one, another or none."""
_INSTEAD: Final[Mapping[tuple[str, str], str]] = {
    ("apply", "--dry-run"): "envctl plan shows what would be done",
    ("plan", "--dry-run"): "leave it out: plan changes nothing",
    ("plan", "--auto-approve"): "envctl apply --yes does it without asking",
}
"""Command and option -> what is typed instead, where that is another command."""


def refuse_command_of_others(name: str) -> None:
    """Raise WrongUsage with our name for a command that another tool calls by this name."""
    ours = COMMANDS_OF_OTHERS[name]
    raise WrongUsage(f"there is no command {name!r}", fix=f"here it is envctl {ours}")


def option_here(command: str, option: str, known: Collection[str]) -> str | None:
    """Return what to type in place of an option of other tools; None where the command has nothing like it.

    ``known`` are the options that the command has.
    """
    if (command, option) in _INSTEAD:
        return _INSTEAD[command, option]
    for ours in OPTIONS_OF_OTHERS.get(option, ()):
        if ours.partition(" ")[0] in known:
            return f"here it is {ours}"
    return None
