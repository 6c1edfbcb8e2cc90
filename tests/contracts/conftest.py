"""The embedded AWS and the command line for the contracts of this folder."""

from tests.support.command_line import fleet, installed, moto
from tests.support.embedded_aws import aws, embedded_server

__all__ = ["aws", "embedded_server", "fleet", "installed", "moto"]
