"""The command that is at work, as it is typed again with one thing more."""

import shlex
from enum import Enum
from typing import Final

import typer

from controller.cli.invocation import Invocation
from controller.views.plan.wording import Asked

_LEFT_OUT: Final = frozenset({"plan", "yes", "output", "adopt"})
"""What says how far it goes and how it is told: ``--plan`` would approve and do nothing; and what the plan says by itself."""


def typed_again(context: typer.Context) -> Asked:
    """Return what was given on the command line, arguments and options, quoted for a shell: ``restore latest --kind Service``."""
    call: Invocation = context.obj
    words = context.command_path.split()[1:]
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name)
        if given is None or given.name != "COMMANDLINE" or name in _LEFT_OUT:
            continue
        value = context.params[name]
        option = parameter.opts[0]
        for one in value if isinstance(value, list | tuple) else [value]:
            if parameter.param_type_name == "option":
                words.append(option)
            if one is not True:
                words.append(shlex.quote(str(one.value if isinstance(one, Enum) else one)))
    settings = "" if call.config is None else f" --config {shlex.quote(call.config)}"
    return Asked(settings, command=" ".join(words))
