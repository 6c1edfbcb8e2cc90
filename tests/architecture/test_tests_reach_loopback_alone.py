"""A test that reaches the world passes on one machine, costs money on another and fails on a train."""

import os
import socket

import pytest

BEYOND = "192.0.2.1"  # a documentation address: nobody's


def test_an_address_beyond_this_machine_is_refused() -> None:
    with socket.socket() as client, pytest.raises(ConnectionRefusedError, match="loopback alone"):
        client.connect((BEYOND, 443))


def test_a_name_beyond_this_machine_is_not_looked_up() -> None:
    with pytest.raises(ConnectionRefusedError, match="dynamodb"):
        socket.create_connection(("dynamodb.eu-west-1.amazonaws.com", 443))


def test_loopback_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())


def test_nobodys_credentials_are_used() -> None:
    assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
    assert "AWS_PROFILE" not in os.environ
    assert "AWS_ENDPOINT_URL" not in os.environ
