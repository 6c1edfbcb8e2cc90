"""An answer shown again and again: drawn anew on a terminal, a document a line for programs."""

import json
import sys
from collections.abc import Callable
from typing import Final, NamedTuple, NoReturn

from controller.cli.process import at_rest, note_error, print_as_is, redraws
from controller.engine.installation.process_context import ProcessContext
from controller.errors import EnvctlError, ExitCode, exit_code_of

_FROM_THE_TOP: Final = "\x1b[H\x1b[2J"


class Shown(NamedTuple):
    """An answer as it is now: its JSON document, and what prints it for people."""

    document: Callable[[], bytes]
    show: Callable[[], None]


def watch(
    read: Callable[[], Shown], every_s: float, process: ProcessContext, *, as_json: bool
) -> NoReturn:
    """Show what is read every so many seconds, until Ctrl-C (KeyboardInterrupt).

    What cannot be read for now is noted, and read again; the first time it ends the command, as any other error does.
    """
    first = True
    while True:
        try:
            shown = read()
        except EnvctlError as error:
            if first or exit_code_of(error) is not ExitCode.TRY_AGAIN:
                raise
            note_error(error)
        else:
            if as_json:
                print_as_is(f"{json.dumps(json.loads(shown.document()))}\n")
            else:
                print_as_is(_FROM_THE_TOP if redraws() else "" if first else "\n")
                shown.show()
            sys.stdout.flush()
            first = False
        with at_rest():
            process.sleep(every_s)
