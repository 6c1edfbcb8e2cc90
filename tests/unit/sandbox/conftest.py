"""The embedded AWS for the tests of this folder."""

from tests.support.embedded_aws import aws, embedded_server, sandbox

__all__ = ["aws", "embedded_server", "sandbox"]
