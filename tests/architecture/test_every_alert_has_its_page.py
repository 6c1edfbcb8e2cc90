"""Whoever is woken by an alert finds a page that says what it means, how to see it, what to type and how it ends."""

import re

import pytest

from controller.model.alert import AlertKind, runbook_of
from tests.architecture.repository import ROOT

HEADINGS = ["What it means", "How to see it", "What to type", "How it ends"]
FOLDER = ROOT / "docs" / "runbooks"


@pytest.mark.parametrize("kind", AlertKind)
def test_an_alert_of_the_daemon_has_its_page(kind: AlertKind) -> None:
    text = (ROOT / runbook_of(kind)).read_text()

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert f"Alert `{kind}`." in text


def test_no_page_is_left_of_what_is_no_alert() -> None:
    assert {page.stem for page in FOLDER.glob("*.md")} == set(map(str, AlertKind))
