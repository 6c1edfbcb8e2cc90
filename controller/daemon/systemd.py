"""What systemd is told of the daemon: ready, alive, stopping. See sd_notify(3)."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Systemd:
    """Speaks to the socket that the environment names; without one, to nobody."""

    environment: Mapping[str, str]

    @property
    def watchdog_s(self) -> float:
        """How often systemd is to hear that the daemon is alive: half of what it waits; 0 where it does not wait."""
        microseconds = self.environment.get("WATCHDOG_USEC", "")
        return int(microseconds) / 2e6 if microseconds.isdecimal() else 0.0

    def tell(self, state: str) -> None:
        """Send a state, such as ``READY=1``."""
        address = self.environment.get("NOTIFY_SOCKET", "")
        if not address:
            return
        if address.startswith("@"):
            # A name that is in no file system begins with a zero byte.
            address = f"\0{address[1:]}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(state.encode(), address)
