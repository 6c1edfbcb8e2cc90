"""Every command that prints JSON prints a document that is as its schema says; each document is printed by some command."""

import json
from pathlib import Path
from typing import Any

import pytest

from controller.views.documents.schemas import DOCUMENTS, EVENT_LINE
from tests.support.command_line import Ended, Fleet, envctl, service, use_settings
from tests.support.documents import ENVELOPE, PLAN, checked, validator
from tests.support.fleet_yaml import MAP_AND_SCHEDULE, account, environment, one_file

ESTATE = one_file(
    account(environment_type="Staging"),
    MAP_AND_SCHEDULE,
    environment("c50", kind="Staging", more=", schedule: office-hours"),
    environment("c60", kind="Staging", more=", schedule: 'on'"),
)
FOLDER, OUT, TRANSACTION, ITEMS = "{folder}", "{out}", "{transaction}", "{items}"
FILES = "{files}"
COMMANDS = (
    ("validate", f"validate {FOLDER}"),
    ("version", "version"),
    ("render", "render Service/Search"),
    (PLAN, "plan"),
    ("apply", "apply --yes"),
    ("bootstrap", "bootstrap"),
    ("status", "status"),
    ("status", "status --look"),
    ("settings", "status --settings"),
    ("environment-list", "get environments"),
    ("service-list", "get services"),
    ("schedule-list", "get schedules"),
    ("account-list", "get accounts"),
    ("group-list", "get groups"),
    ("instance-list", "get instances"),
    ("override-list", "get overrides"),
    ("doctor", "doctor config"),
    ("audit-list", "audit list"),
    ("audit-show", f"audit show {TRANSACTION}"),
    ("audit-blame", "audit blame Environment/c50"),
    ("audit-state", "audit state --at 0s"),
    ("audit-verify", "audit verify --replay"),
    ("audit-follow", "audit follow --once"),
    ("override", "override c50 schedule=on --until +2h --reason night --yes"),
    ("override-list", "override list"),
    ("override-list", "override list c50"),
    ("override-yaml", f"override yaml c50 --out {FILES}"),
    ("explain", "explain c50"),
    ("explain", "explain Service/Search"),
    ("explain", "explain Environment/c60 --at 2026-11-24T12:00"),
    (PLAN, "plan"),
    ("status", "status"),
    ("schedule-preview", "schedule preview office-hours"),
    ("schedule-preview", "schedule preview c50"),
    ("schedule-preview", "schedule preview on"),
    ("schedule-exceptions", "schedule exceptions"),
    ("schedule-report", "schedule report --days 1"),
    ("override", "override release c50 --yes"),
    ("import", f"import --out {OUT}"),
    ("snapshot", "snapshot create"),
    ("snapshot-list", "snapshot list"),
    ("snapshot", "snapshot verify latest"),
    ("snapshot-show", "snapshot show latest"),
    (PLAN, "snapshot diff latest"),
    ("snapshot-prune", "snapshot prune --yes"),
    ("audit-archive", "audit archive --yes"),
    ("snapshot-nightly", "snapshot nightly"),
    ("items-import", f"items import services {ITEMS} --plan"),
    ("restore", "restore latest --plan"),
    ("restore", "restore latest --yes"),
    ("rollback", "rollback --to 0s --plan"),
    ("error", "explain Service/Nobody"),
    ("error", "plan --nonsense"),
    ("error", "audit show nothing"),
)


@pytest.fixture
def estate(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """An account, environments with schedules and a service, applied, and then a service edited."""
    text = f"source: {{folder: {installed.folder}}}\nlive: {{parallelScopes: 1}}\n"
    kept = f"snapshots: {{folder: {tmp_path / 'kept'}}}\nledger: {{keepDays: 90}}\n"
    use_settings(tmp_path, monkeypatch, text + kept)
    installed.has({"estate.yaml": ESTATE, "search.yaml": service("Search", 40000)})
    assert installed.apply("--scope", "config").code == 0
    return installed.has({"search.yaml": service("Search", 40000, description="other")})


@pytest.mark.slow
def test_every_document_is_as_its_schema_says(estate: Fleet, tmp_path: Path) -> None:
    printed: set[str] = set()
    events, known = tmp_path / "events.jsonl", {OUT: str(tmp_path / "imported")}
    known[FOLDER], items = str(estate.folder), tmp_path / "items.json"
    items.write_text("[]")
    known |= {ITEMS: str(items), FILES: str(tmp_path / "files")}
    for name, text in COMMANDS:
        words = [known.get(word, word) for word in text.split()]
        document = _document(envctl("--events", events, *words, "--format", "json"), text)
        assert document["document"] == name, (text, document)
        printed.add(name)
        known[TRANSACTION] = document.get("transaction") or known.get(TRANSACTION, "")

    assert printed == {*DOCUMENTS, PLAN}
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert lines
    wrong = [error.message for line in lines for error in validator(EVENT_LINE).iter_errors(line)]
    assert wrong == []


def _document(ended: Ended, text: str) -> dict[str, Any]:
    document = json.loads(ended.out)
    assert list(document)[:3] == ENVELOPE, text
    checked(document)
    return dict(document)


def test_a_document_with_a_field_more_or_less_is_told() -> None:
    for name in DOCUMENTS:
        errors = [error.validator for error in validator(name).iter_errors({"more": 1})]
        assert set(errors) == {"required", "additionalProperties"}, name
