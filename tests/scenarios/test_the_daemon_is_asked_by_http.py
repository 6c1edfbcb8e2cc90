"""The daemon's HTTP interface: what a command would print, for whoever has a token and no AWS rights."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controller import __version__
from tests.support.command_line import Fleet, fleet, installed, moto, use_settings
from tests.support.http_interface import InterfaceByHand, serving

__all__ = ["fleet", "installed", "moto"]


@pytest.fixture
def interface(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InterfaceByHand:
    """The interface of an installation that has nothing but its tables."""
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\n")
    return InterfaceByHand()


@pytest.fixture
def client(interface: InterfaceByHand) -> Iterator[httpx.Client]:
    """Somebody on this machine, who has no token."""
    with serving(interface.app) as made:
        yield made


def test_it_lives_while_the_ticks_come(interface: InterfaceByHand, client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"alive": True}
    assert client.get("/readyz").json() == {"ready": True, "because": ""}
    shown = client.get("/api/v1/diagnostics/healthcheck").json()
    assert shown == {"OK": True, "Version": __version__, "Leader": True}

    interface.alive = False

    assert client.get("/healthz").status_code == 503
    assert client.get("/readyz").json()["because"] == "the ticks of the daemon do not come"
    assert client.get("/api/v1/diagnostics/healthcheck").status_code == 503


def test_what_it_measures_is_scraped(client: httpx.Client) -> None:
    client.get("/healthz")
    text = client.get("/metrics").text

    assert 'envctl_scopes{state="unseen"} 1.0' in text
    assert 'envctl_queue_works{state="waiting"} 0.0' in text
    assert 'envctl_http_requests_total{method="GET",route="/healthz",status="200"} 1.0' in text
