"""Whoever is woken by an alert finds a page that says what it means, how to see it, what to type and how it ends; and figures are there to be used."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from controller.api.metric_definitions import METRICS
from controller.model.alert import AlertKind, runbook_of
from tests.architecture.repository import ROOT
from tests.support.master_stack import master_stack

HEADINGS = ["What it means", "How to see it", "What to type", "How it ends"]
FOLDER = ROOT / "docs" / "runbooks"
GROUPS = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
PANELS = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text())["panels"]
PAGES = {str(kind): runbook_of(kind) for kind in AlertKind} | {
    rule["alert"]: rule["annotations"]["runbook"] for rule in RULES if "alert" in rule
}
STACK = master_stack()
ALARMS = {
    found["AlarmName"].removeprefix("envctl-"): found["AlarmDescription"].rpartition(" ")[2]
    for found in map(STACK.properties, STACK.made("AWS::CloudWatch::Alarm"))
    if "nobody has to do anything" not in found["AlarmDescription"].lower()
}
FIGURE = re.compile(r"envctl[_:][a-z0-9_:]+")


def questions() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield rule.get("alert") or rule["record"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.mark.parametrize("alert", sorted(PAGES))
def test_an_alert_has_its_page(alert: str) -> None:
    text = (ROOT / PAGES[alert]).read_text()

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert f"Alert `{alert}`." in text


@pytest.mark.parametrize("alarm", sorted(ALARMS))
def test_an_alarm_of_the_stack_says_where_its_page_is(alarm: str) -> None:
    text = (ROOT / ALARMS[alarm]).read_text()

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert f"Alarm `{alarm}`." in text


def test_no_page_is_left_of_what_is_no_alert() -> None:
    there = {f"docs/runbooks/{page.name}" for page in FOLDER.glob("*.md")}

    assert there == {*PAGES.values(), *ALARMS.values()}


@pytest.mark.parametrize(("where", "expression"), [*questions()])
def test_what_is_asked_of_prometheus_is_measured(where: str, expression: str) -> None:
    there = {name for metric in METRICS for name in metric.scraped}
    there |= {rule["record"] for rule in RULES if "record" in rule}
    labels = {label for metric in METRICS for label in metric.labels} | {"le"}

    found = set(FIGURE.findall(expression))
    assert found, "it asks for nothing of ours"
    assert found <= there
    for listed in re.findall(r"\bby \(([^)]*)\)", expression):
        assert {label.strip() for label in listed.split(",")} <= labels
    for inside in re.findall(r"\{([^}]*)\}", expression):
        assert set(re.findall(r"(\w+)\s*(?:=|!=|=~|!~)", inside)) <= labels
    assert expression.count("(") == expression.count(")")


def test_every_figure_is_used_or_says_why_it_is_not() -> None:
    used = {name for _, expression in questions() for name in FIGURE.findall(expression)}

    unused = [metric.name for metric in METRICS if not metric.scraped & used]
    assert unused == [metric.name for metric in METRICS if metric.not_shown]


def test_rules_say_for_how_long_how_bad_and_what() -> None:
    for rule in RULES:
        if "alert" in rule:
            assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}
            assert rule["labels"]["severity"] in {"warning", "critical"}
            assert re.fullmatch(r"\d+m", rule["for"])
            assert rule["annotations"].keys() == {"summary", "runbook"}
