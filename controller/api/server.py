"""The listener: uvicorn in a thread of its own."""

import socket
import threading
from typing import Final

import uvicorn
from fastapi import FastAPI

from controller.api.slow_callers import TimedConnection
from controller.errors import WrongUsage

MOST_CONNECTIONS: Final = 500
"""More at a time are answered with 503."""
_STOP_WITHIN_S: Final = 3
_LOOK_S: Final = 0.02


class HttpServer:
    """Serves an application from ``start`` to ``stop``."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        """Take what is served, and where; nothing is opened."""
        self._host, self._port = host, port
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                # Not httptools, which is taken by itself where it is installed, and reads headers of any length.
                http=TimedConnection,
                log_config=None,
                access_log=False,
                server_header=False,
                # Whoever asks says nothing of who they are but their token.
                proxy_headers=False,
                lifespan="off",
                ws="none",
                limit_concurrency=MOST_CONNECTIONS,
                timeout_keep_alive=15,
                timeout_graceful_shutdown=_STOP_WITHIN_S,
            )
        )
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Listen; return the URL. Raises WrongUsage for an address that cannot be had."""
        try:
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            listener = socket.create_server((self._host, self._port), family=family)
        except OSError as error:
            raise WrongUsage(
                f"http: {self._host} port {self._port} cannot be listened on: {error.strerror}",
                fix="set http.host and http.port to an address of this machine that is free",
            ) from error
        serve = {"sockets": [listener]}
        # A daemon that could not start ends the process, whoever is being answered.
        self._thread = threading.Thread(
            target=self._server.run, kwargs=serve, name="http", daemon=True
        )
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(_LOOK_S)
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{listener.getsockname()[1]}"

    def stop(self) -> None:
        """Take no more requests; those under way have a few seconds."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
