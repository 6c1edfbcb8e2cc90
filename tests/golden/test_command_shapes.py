"""The shapes that completion reads are those of the commands."""

import json
from typing import Any

import typer
from typer._click.core import Context

from controller import catalog
from controller.cli.commands import COMMANDS
from controller.cli.main import app
from controller.cli.override import MAKE
from controller.cli.terminal.completion import COMPLETERS, SHAPES
from controller.kinds.language.kind import DEFAULTS


def _takes(param: Any) -> list[str] | str | None:
    """Return what a parameter takes: None for a flag, a list of values, the name of what completes it, or empty for free text."""
    if getattr(param, "is_flag", False):
        return None
    choices = param.type_descriptor.choices
    if choices is not None:
        return [str(getattr(choice, "value", choice)) for choice in choices]
    completer = param.type_descriptor.parameter_info.autocompletion
    if completer is None:
        return ""
    return completer.__name__ if completer.__name__ in COMPLETERS else _listed(completer)


def _listed(completer: Any) -> list[str] | str:
    """Return what always completes a parameter; empty where that is asked of somebody."""
    return list(completer()) if completer.__name__ == "<lambda>" else ""


def _shape(command: Any, ctx: Context) -> dict[str, Any]:
    names = command.list_commands(ctx) if hasattr(command, "list_commands") else []
    params = [param for param in command.params if getattr(param, "type_descriptor", None)]
    return {
        "options": {
            name: _takes(param)
            for param in params
            if param.opts[0].startswith("-")
            for name in (*param.opts, *param.secondary_opts)
        },
        "arguments": [_takes(param) or "" for param in params if not param.opts[0].startswith("-")],
        "commands": {name: _shape(command.get_command(ctx, name), ctx) for name in names},
        "otherwise": MAKE if MAKE in names else "",
    }


def test_shapes_are_current(rewrite_golden: bool) -> None:
    every = typer.main.get_command(app)
    whole = {**_shape(every, Context(every)), "kinds": [*catalog.kinds(), DEFAULTS]}
    text = json.dumps(whole, indent=1) + "\n"

    if rewrite_golden:
        SHAPES.write_text(text, encoding="utf-8")
    assert set(whole["commands"]) == set(COMMANDS)
    assert SHAPES.read_text(encoding="utf-8") == text
