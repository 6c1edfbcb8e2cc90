"""Which commands there are, and where: each is imported when it is called, so that the others start fast."""

import gc
import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from keyword import iskeyword
from typing import Any, ClassVar, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from controller.cli.terminal.words_of_others import refuse_command_of_others
from controller.model.closest import closest

COMMANDS = {
    "init": "begin a repository that validates: settings, a first account and environment, a check in CI",
    "validate": "check YAML: every problem with its place and its fix",
    "render": "print effective documents, each field with where it comes from",
    "new": "write a first document of a kind",
    "plan": "show what would change",
    "apply": "do it",
    "run": "keep doing it: the daemon",
    "get": "list environments, groups, instances, services, schedules, accounts, overrides",
    "status": "where everything stands; every setting and where it came from",
    "doctor": "what a scope lacks, and the command that mends it",
    "import": "write YAML for everything that exists",
    "deploy-template": "print what an installation is deployed by: CloudFormation, and a unit for systemd",
    "bootstrap": "create the tables, or say how existing ones differ",
    "explain": "why something is as it is, and what to type next",
    "override": "have something otherwise for a while; list and release what is",
    "audit": "who changed what, when and why; whether the record is whole",
    "rollback": "plan the values of before, and put them back: a transaction, a record, a commit, a time",
    "snapshot": "copies of the tables: take, prove, list, show, compare, thin out",
    "restore": "plan what a snapshot has otherwise, and put it back",
    "items": "export and import whole tables in the form of the old product",
    "schedule": "schedules as calendars, what is on outside of them, hours; batch answers",
    "schema": "JSON Schemas of documents, plan file and settings",
    "sandbox": "run an AWS in memory to play with",
    "demo": "a guided tour on such an AWS",
    "version": "which version this is, and the formats it reads and writes",
}
"""Name of the command, of its module and of what the module defines: a function, or a Typer of several."""
FOLDERS = {
    "audit": "ledger",
    "demo": "tour",
    "get": "lists",
    "schedule": "schedules",
    **dict.fromkeys(("bootstrap", "deploy-template", "init", "version"), "installation"),
    **dict.fromkeys(("items", "restore", "rollback"), "put_back"),
}
"""Commands whose modules share a folder with what belongs to them."""
DAEMON = "run"
"""The command that needs the extra ``daemon``, which a plain installation does not bring."""


Function = TypeVar("Function", bound=Callable[..., Any])


class Command(TyperCommand):
    """A command whose help says how its arguments are typed, and ends in examples."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what stands behind the command's name: an argument's own word says already whether it may be left out."""
        arguments = [one for one in self.params if one.param_type_name == "argument"]
        return [self.options_metavar or "", *(str(one.metavar or one.name) for one in arguments)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """List arguments by their own word, or their choices, and options: what Python reads a word as is nothing to type."""
        rows: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        params: list[Any] = self.get_params(ctx)
        for one in params:
            record = one.get_help_record(ctx)
            if record is None:
                continue
            if one.param_type_name != "argument":
                rows["Options"].append(record)
            elif one.type_descriptor.is_choice:
                rows["Arguments"].append(record)
            else:
                rows["Arguments"].append((str(one.metavar or one.name), record[1]))
        for title, listed in rows.items():
            if listed:
                with formatter.section(title):
                    formatter.write_dl(listed)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write what people type."""
        # Only who asks for help pays for reading them.
        from controller.cli.terminal.examples import EXAMPLES

        words = " ".join(ctx.command_path.split()[1:])
        with formatter.section("Examples"):
            # As they are: a line that was wrapped could not be typed.
            formatter.buffer.extend(f"  {line}\n" for line in EXAMPLES[words])


class Several(typer.Typer):
    """Several commands, each with examples."""

    def command(
        self,
        name: str | None = None,
        *,
        cls: type[TyperCommand] | None = Command,
        **options: Any,
    ) -> Callable[[Function], Function]:
        """Add a command as Typer does."""
        return super().command(name, cls=cls, **options)


class Commands(TyperGroup):
    """Commands of which some are imported when they are called; says which one was meant, also of those not imported yet."""

    later: ClassVar[Mapping[str, str]] = {}
    """Name of a command that is imported when it is called -> what it does."""
    module: ClassVar[str] = ""
    """Where those are; empty: each in a module of its own name."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return all names, those imported later first, in the order of their use."""
        return [*self.later, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, imported if need be; None, or the parser's error with the name that was meant, if there is none."""
        if cmd_name not in self.later:
            known = super().get_command(ctx, cmd_name)
            if known is None and (meant := closest(cmd_name, self.list_commands(ctx))):
                ctx.fail(f"No such command {cmd_name!r}. Did you mean {meant!r}?")
            return known
        # What Python keeps for itself has a line behind it there.
        called = cmd_name.replace("-", "_")
        called = f"{called}_" if iskeyword(called) else called
        if cmd_name == DAEMON and find_spec("apscheduler") is None:
            ctx.fail("run needs the extra daemon: pip install 'environment-controller[daemon]'")
        folder = f"{FOLDERS[cmd_name]}." if cmd_name in FOLDERS else ""
        module = f"controller.cli.{folder}{self.module or called}"
        if module not in sys.modules:
            # What is imported stays: looking through it again and again takes a fifth of a short command.
            gc.disable()
            try:
                import_module(module)
            finally:
                gc.freeze()
                gc.enable()
        found = getattr(sys.modules[module], called)
        if not isinstance(found, typer.Typer):
            app = typer.Typer(add_completion=False, rich_markup_mode=None)
            app.command(cmd_name, cls=Command)(found)
            found = app
        made = typer.main.get_command(found)
        made.name = cmd_name
        return made

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands, without importing any."""
        known = {name: known.get_short_help_str(90) for name, known in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl([*self.later.items(), *known.items()])


several = partial(Several, rich_markup_mode=None, add_completion=False, no_args_is_help=True)
"""Makes a command of several subcommands."""


class AllCommands(Commands):
    """The commands of ``envctl``."""

    later = COMMANDS

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, as ``Commands`` does. Raises WrongUsage with our name for one that other tools call so."""
        if cmd_name not in self.later:
            refuse_command_of_others(cmd_name)
        return super().get_command(ctx, cmd_name)
