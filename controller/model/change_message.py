"""A change as other programs hear of it: the shape in which the old product published it, so that its listeners need no change.

``body`` is JSON, ``{"Endpoint": {"Url", "Method"}}``; the attributes are texts: ``Action`` (create, update, delete), ``ID``,
``Timestamp`` (milliseconds since 1970) and, of changes of operations, ``Environment``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Topic(StrEnum):
    """Names of the SNS topics, as the old product's listeners know them."""

    CONFIGURATION = "EnvironmentManagerConfigurationChange"
    OPERATIONS = "EnvironmentManagerOperationsChange"


@dataclass(frozen=True, slots=True)
class ChangeMessage:
    """One message."""

    topic: Topic
    body: str
    attributes: Mapping[str, str]
