"""The sandbox's own process: ``python -m controller.sandbox.serve``. It ends when whoever started it does."""

import argparse
import logging
import os
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from controller.sandbox import interception
from controller.sandbox.application import sandbox_application

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LOOPBACK = "127.0.0.1"


class _Handler(MotoRequestHandler):
    """Closes the connection of an answer that is to get lost; werkzeug would wait for the next request on it."""

    def connection_dropped(
        self, error: BaseException, environ: "WSGIEnvironment | None" = None
    ) -> None:
        """Let the client see the end of the connection."""
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: werkzeug words every request for a log that nobody reads, and calls are counted elsewhere."""


def main() -> None:
    """Serve on loopback; print a line with the port as soon as calls are answered."""
    parser = argparse.ArgumentParser(description="An AWS in memory, on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument(
        "--remove", type=Path, required=True, help="a file to remove when the starter has ended"
    )
    parser.add_argument(
        "--with", dest="extensions", action="append", default=[], help="a module to import"
    )
    options = parser.parse_args()
    # Ctrl-C reaches the whole process group; the starter decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    interception.install()
    for module in options.extensions:
        import_module(module)
    server = make_server(
        LOOPBACK,
        options.port,
        sandbox_application,
        threaded=True,
        request_handler=_Handler,
    )
    threading.Thread(target=_end_with_the_starter, args=(options.remove,), daemon=True).start()
    print(server.server_port, flush=True)  # noqa: T201 - what the starter waits for
    # moto prints remarks; they belong into the log.
    sys.stdout = sys.stderr
    server.serve_forever()


def _end_with_the_starter(leftover: Path) -> None:
    """Wait until the pipe from the starter closes, which it does however the starter ends."""
    while sys.stdin.buffer.read(1024):
        pass
    leftover.unlink(missing_ok=True)
    os._exit(0)


if __name__ == "__main__":
    main()
