"""Which commands there are, and where: each is imported when it is called, so that the others start fast."""

from collections.abc import Callable, Mapping
from importlib import import_module
from keyword import iskeyword
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from controller.loading.closest import closest

COMMANDS = {
    "validate": "check YAML: every problem with its place and its fix",
    "render": "print effective documents, each field with where it comes from",
    "new": "write a first document of a kind",
    "plan": "show what would change",
    "apply": "do it",
    "status": "where everything stands; every setting and where it came from",
    "doctor": "what a scope lacks, and the command that mends it",
    "import": "write YAML for everything that exists",
    "bootstrap": "create the tables, or say how existing ones differ",
    "explain": "why something is as it is, and what to type next",
    "override": "have something otherwise for a while; list and release what is",
    "audit": "who changed what, when and why; whether the record is whole",
    "schedule": "schedules as calendars, what is on outside of them, hours; batch answers",
    "schema": "JSON Schemas of documents, plan file and settings",
    "sandbox": "run an AWS in memory to play with",
    "demo": "a guided tour on such an AWS",
}
"""Name of the command, of its module and of what the module defines: a function, or a Typer of several."""


class NamedCommands(TyperGroup):
    """Says which command was meant, also of those that are not imported yet."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the arguments begin with; the parser's error where there is none."""
        try:
            return super().resolve_command(ctx, args)
        except TyperException:
            meant = closest(args[0], self.list_commands(ctx))
            if meant:
                ctx.fail(f"No such command {args[0]!r}. Did you mean {meant!r}?")
            raise


class CommandGroup(NamedCommands):
    """Finds commands by name."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of their use."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a command; None if there is none by that name."""
        return command(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


class Subcommands(NamedCommands):
    """A command with subcommands of which some are imported when they are called."""

    later: ClassVar[Mapping[str, str]] = {}
    """Name of the subcommand -> what it does. They are in a module ``<command>_queries``."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return all names, those imported later first."""
        return [*self.later, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a subcommand; None if there is none by that name."""
        if cmd_name not in self.later:
            return super().get_command(ctx, cmd_name)
        return command(cmd_name, f"{self.name}_queries")

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the subcommands, without importing any."""
        known = {name: known.get_short_help_str(90) for name, known in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl([*self.later.items(), *known.items()])


def command(name: str, module: str = "") -> Any:
    """Return a command as the parser takes it, from a module of this package: the one of its own name by default."""
    # What Python keeps for itself has a line behind it there.
    called = f"{name}_" if iskeyword(name) else name
    found: Callable[..., None] | typer.Typer = getattr(
        import_module(f"controller.cli.{module or called}"), called
    )
    if not isinstance(found, typer.Typer):
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(name)(found)
        found = app
    made = typer.main.get_command(found)
    made.name = name
    return made
