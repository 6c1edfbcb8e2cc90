"""Three services with a snapshot of them, accidents that befall them, and restores."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Ended, Fleet, envctl, installation, service, use_settings

SERVICES = "InfraConfigServices"
FILES = {
    "search.yaml": service("Search", 40000, description="finds things"),
    "auth.yaml": service("Auth", 40001, description="knows who"),
    "checkout.yaml": service("Checkout", 40002, description="takes money"),
}


def back_up(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Apply three services from the settings' own source, and take a snapshot of them."""
    text = f"source: {{folder: {installed.folder}}}\nsnapshots: {{folder: {tmp_path / 'kept'}}}\n"
    use_settings(tmp_path, monkeypatch, text)
    installed.has(FILES)
    ended = envctl("apply", "--yes")
    assert ended.code == 0, ended.err
    ended = envctl("snapshot", "create")
    assert ended.code == 0, ended.err
    assert "took and verified" in ended.out
    return installed


def accident(*names: str) -> dict[str, str | None]:
    """Return the files of services whose descriptions somebody replaced."""
    ports = {"search": 40000, "auth": 40001, "checkout": 40002}
    return {
        f"{name}.yaml": service(name.title(), ports[name], description="an accident")
        for name in names
    }


def applied(fleet: Fleet, files: dict[str, str | None]) -> None:
    """Change files of the source, and apply them."""
    fleet.has(files)
    ended = envctl("apply", "--yes")
    assert ended.code == 0, ended.err


def restored(*options: object) -> Ended:
    """Restore the newest snapshot."""
    ended = envctl("restore", "latest", "--yes", *options)
    assert ended.code == 0, ended.err + ended.out
    return ended


def services() -> dict[str, Any]:
    """Return what the tables hold: name -> description."""
    found = installation().master.store.scan(SERVICES)
    return {item["ServiceName"]: item["Value"].get("Description") for item in found}


def overrides() -> list[dict[str, Any]]:
    """Return what is otherwise now, as programs read it."""
    return list(envctl("override", "list", "--format", "json").json["overrides"])
