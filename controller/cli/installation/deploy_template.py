"""``envctl deploy-template``: what an installation is deployed by, from the installed package."""

from typing import Annotated

import typer

from controller.aws.deploy_templates import (
    Deployed,
    deploy_child_command,
    deploy_master_command,
    template_text,
)
from controller.cli.invocation import Invocation
from controller.cli.process import note, print_as_is


def deploy_template(
    context: typer.Context,
    deployed: Annotated[
        Deployed,
        typer.Argument(
            metavar="WHAT",
            help="master: the stack of the master account; child: the role in each account; service: the daemon's unit for systemd.",
        ),
    ],
) -> None:
    """Print a template of CloudFormation, and note the command that deploys it, filled in from the settings; or the unit."""
    call: Invocation = context.obj
    commands = {Deployed.MASTER: deploy_master_command, Deployed.CHILD: deploy_child_command}
    make = commands.get(deployed)
    command = make(call.settings) if make else ""
    print_as_is(template_text(deployed))
    if command:
        note(f"deploy it with this, once what stands in capitals is filled in:\n{command}")
