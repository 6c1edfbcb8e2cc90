"""Commands that errors and findings tell to type, with the settings that the command was given which says them."""

import re
import shlex
from typing import Final

from controller.cli.commands import COMMANDS

_COMMAND: Final = re.compile(rf"(?<![\w/:.-])envctl (?=(?:{'|'.join(COMMANDS)})(?![\w-]))")


def with_settings(text: str, config: str | None) -> str:
    """Return a text whose commands of ours name the settings (``--config``); the same text where None were named."""
    if not config:
        return text
    named = f"envctl {shlex.join(('--config', config))} "
    return _COMMAND.sub(lambda _: named, text)
