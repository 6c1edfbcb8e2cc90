"""What threads of this process wait for: noted by who asks, shown where a command is silent."""

from typing import Final

WAITS: Final[dict[int, str]] = {}
"""Id of a thread -> what has not answered it yet: ``AWS: dynamodb Scan in eu-west-1``, ``git fetch``."""
