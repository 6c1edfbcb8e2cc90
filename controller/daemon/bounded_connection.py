"""A connection to one host that is cut when its time is over, however slowly the answer comes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from socket import SHUT_RDWR

from controller.errors import Unreachable


@contextmanager
def bounded(connection: HTTPConnection, limit_s: float, setting: str, check: str) -> Iterator[None]:
    """Connect, cut the connection ``limit_s`` seconds later, and close it at the end.

    Raises Unreachable, as of ``setting``, for whatever fails on the way; ``check`` is what may be wrong but the network. It does
    not hold the address, which may be a secret.
    """
    limit = threading.Timer(limit_s, _cut, (connection,))
    limit.daemon = True
    try:
        connection.connect()
        # A socket's time-out is for each read: an answer that drips would hold us for as long as it likes.
        limit.start()
        yield
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(
            f"{setting}: the host does not answer: {type(error).__name__}",
            fix=f"nothing if it passes, it is tried again; otherwise check the network, and {check}",
        ) from None
    finally:
        limit.cancel()
        connection.close()


def _cut(connection: HTTPConnection) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(SHUT_RDWR)
