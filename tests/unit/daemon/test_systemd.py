"""What systemd hears, and when it is to hear it."""

import socket
from pathlib import Path

import pytest

from controller.daemon.systemd import Systemd


def test_a_state_goes_to_the_socket_that_is_named(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.settimeout(5)
        Systemd({"NOTIFY_SOCKET": address}).tell("READY=1")
        assert receiver.recv(100) == b"READY=1"


def test_a_name_that_is_in_no_file_system_is_spoken_to_as_well() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("\0envctl-test-notify")
        receiver.settimeout(5)
        Systemd({"NOTIFY_SOCKET": "@envctl-test-notify"}).tell("STOPPING=1")
        assert receiver.recv(100) == b"STOPPING=1"


def test_without_systemd_nobody_hears_anything() -> None:
    Systemd({}).tell("READY=1")


@pytest.mark.parametrize(("given", "seconds"), [("", 0), ("30000000", 15), ("soon", 0), ("-1", 0)])
def test_it_is_alive_twice_as_often_as_asked(given: str, seconds: float) -> None:
    assert Systemd({"WATCHDOG_USEC": given}).watchdog_s == seconds
