"""The embedded AWS for the contracts of this folder."""

from tests.support.embedded_aws import aws, embedded_server

__all__ = ["aws", "embedded_server"]
