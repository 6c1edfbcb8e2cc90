"""The embedded AWS and the command line for the tests of this folder."""

from tests.support.command_line import fleet, installed, moto
from tests.support.embedded_aws import aws, embedded_server, sandbox
from tests.support.faster_moto import answers, items, lookups, sessions
from tests.support.told import told

__all__ = ["aws", "embedded_server", "fleet", "installed", "moto", "sandbox", "told"]

for faster in (answers, items, lookups, sessions):
    faster.install()
