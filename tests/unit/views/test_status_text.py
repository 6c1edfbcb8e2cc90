"""Status as people read it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.engine.queries.status.view import (
    LookedScope,
    PowerView,
    ScopeLine,
    SourceView,
    StatusView,
    StormView,
    Switch,
    storms_in,
)
from controller.engine.state.notification_rows import SinkHealth
from controller.model.alert import Alert, AlertKey, AlertKind, KnownAlert
from controller.model.ledger_record import Head
from controller.model.observed import Remark, ScopeCounts, ScopeState, ScopeStatus
from controller.model.override import Override
from controller.model.ref import Reason, ResourceRef
from controller.planning.drift_history import WITHIN
from controller.views.documents.status import status_json
from controller.views.scope_text import next_step, what_of
from controller.views.status_text import status_answer, status_lines
from controller.views.style import plain
from tests.support.documents import printed

NOW = datetime(2026, 11, 24, 10, 12, tzinfo=UTC)
REVISION = "9f1e0aa4c2b71d5e6f708192a3b4c5d6e7f80912"


def _shown(view: StatusView) -> Any:
    """Return what programs read."""
    return printed("status", status_json(view))


def stands(name: str, state: ScopeState, minutes: int = 30, **fields: object) -> ScopeLine:
    """Return a scope that is in a state for some minutes."""
    since = NOW - timedelta(minutes=minutes)
    status = ScopeStatus(scope=name, state=state, since=since, tried_at=NOW)
    return ScopeLine(name=name, status=replace(status, **fields))  # type: ignore[arg-type] # fields of a test's table


CONFIG = replace(
    stands(
        "config",
        ScopeState.OK,
        revision=REVISION,
        applied_at=NOW - timedelta(minutes=13),
        looked_at=NOW,
    ),
    head=Head("config", 7, "worker-a", int((NOW.timestamp() + 34) * 1000), 1024, "5d1c" * 16),
)
WHOLE = StatusView(
    at=NOW,
    version="1.4.2",
    installation="3f" * 16,
    source=SourceView("git+https://git.acme.example/fleet@main", "current"),
    scopes=(
        CONFIG,
        stands("prod-eu/eu-west-1", ScopeState.OK, looked_at=NOW - timedelta(minutes=2)),
        stands(
            "sandbox-us/us-east-1",
            ScopeState.UNKNOWN,
            125,
            reason=Reason("AssumeRole denied", fix="trust the controller"),
            retry_at=NOW + timedelta(minutes=7),
        ),
        stands(
            "staging-eu/eu-west-1",
            ScopeState.OBSERVE,
            6 * 24 * 60,
            reason=Reason("targets.groups: observe"),
            changes=2,
        ),
    ),
    overrides=(
        Override(
            id="01JD",
            ref=ResourceRef("Environment", "c50"),
            reason="load test",
            actor="release-manager",
            since=NOW,
            path="schedule",
            value="on",
            until=NOW + timedelta(hours=24),
        ),
        Override(
            id="01JE",
            ref=ResourceRef("Upstream", "c44-Search"),
            reason="INC-1182",
            actor="on-call",
            since=NOW,
            until_git=True,
        ),
    ),
    storms=(
        StormView(
            "staging-eu/eu-west-1",
            ResourceRef("Group", "staging-eu/eu-west-1/c22-ta-Web"),
            3,
            NOW + timedelta(minutes=20),
        ),
    ),
    power=PowerView(
        on=3,
        off=1,
        unscheduled=1,
        invalid={"c60": "31 is no hour"},
        next=(
            Switch(NOW + timedelta(hours=9), (), ("c48", "c49", "c50", "c51")),
            Switch(NOW + timedelta(hours=21), ("c48",), ("c52",)),
        ),
    ),
)

TEXT = """\
envctl 1.4.2   installation 3f3f3f3f3f3f   Tue 24 Nov 10:12 UTC
git+https://git.acme.example/fleet@main   9f1e0aa4c applied 13 min ago; the source holds nothing newer
Scopes 4: 2 in order · 1 observe · 1 unknown

  SCOPE                 STATE     SINCE  CONDITION                WHAT
  sandbox-us/us-east-1  unknown   2 h    Reconciling: TriedAgain  AssumeRole denied; next try 10:19            → envctl doctor sandbox-us/us-east-1
  staging-eu/eu-west-1  observe   6 d    not Ready: OnlyObserved  2 changes wait; targets.groups: observe      → envctl plan --scope staging-eu/eu-west-1

Overrides 2 Environment/c50 schedule=on           until Wed 25 Nov 10:12 UTC  release-manager  load test
            Upstream/c44-Search left as it is     until Git changes it        on-call          INC-1182
Storms 1    Group/staging-eu/eu-west-1/c22-ta-Web: put back 3 times in half an hour, left alone until 10:32 UTC   → envctl audit list --entity Group/staging-eu/eu-west-1/c22-ta-Web
Power       environments by schedule: 3 on, 1 off, 1 without a schedule
            next: 19:12 UTC, off: 4 (c48, c49, c50, …)
            then: Wed 25 Nov 07:12 UTC, on: c48; off: c52
            Environment/c60: its schedule cannot be read: 31 is no hour
Ledger      1,024 records in 1 chain; config at 1,024 5d1c5d1c5d1c   → envctl audit verify
            config is worked on by worker-a (lease ends in 34 s)
"""


def text(view: StatusView) -> str:
    """Return the status as plain text."""
    return plain(status_lines(view))


def _squeezed(lines: str) -> list[str]:
    return [" ".join(line.split()) for line in lines.splitlines()]


def test_everything_has_its_place() -> None:
    assert _squeezed(text(WHOLE)) == _squeezed(TEXT)


def test_columns_stand_below_each_other() -> None:
    table = text(WHOLE).splitlines()[4:7]

    assert (
        len(
            {
                line.index(word)
                for line, word in zip(table, ("STATE", "unknown", "observe"), strict=True)
            }
        )
        == 1
    )
    assert len({line.index("→") for line in table[1:]}) == 1


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (SourceView("s", "changed"), "holds another revision  → envctl plan"),
        (SourceView("s", "unreachable", "no answer\n fix"), "stays in force\n  no answer\n"),
        (SourceView("", "none"), "the settings name no source"),
    ],
)
def test_the_source_is_told_of(source: SourceView, said: str) -> None:
    assert said in text(replace(WHOLE, source=source))


def test_a_long_reason_is_cut_where_doctor_says_all_of_it() -> None:
    long = stands("a/r", ScopeState.WAITING, reason=Reason(f"there is no table {'X' * 200}"))

    table = text(replace(WHOLE, scopes=(CONFIG, long))).splitlines()[4:6]

    assert table[1].endswith("X…   → envctl doctor a/r")


def test_before_the_first_apply_nothing_is_claimed() -> None:
    fresh = replace(WHOLE, scopes=(ScopeLine(name="config", status=None),), overrides=(), storms=())

    assert "nothing was applied from it yet" in text(fresh)
    assert "config  unseen" in text(fresh)
    assert _shown(fresh)["applied"] == {"revision": "", "at": None}


def test_tables_that_cannot_be_read_leave_the_rest_standing() -> None:
    said = text(replace(WHOLE, power=None, unreadable="config: denied\n  fix: allow it"))

    assert "Config tables cannot be read\n  config: denied\n  fix: allow it\n" in said
    assert "Power" not in said
    assert "Ledger" in said


COUNTED = ScopeCounts(
    at=NOW - timedelta(hours=2),
    instances_on=612,
    instances_off=2388,
    to_switch=4,
    on_the_way=1,
    rollouts=(Remark("protected against BULK_PATCH_AMI", 1, ("c50-ta-Web",)),),
    short=(Remark("2 of 6 in service", 1, ("c50-ta-Api",)),),
    images=(Remark("web-1.4.3 is out", 40, ("c50-ta-Web", "c51-ta-Web", "c52-ta-Web")),),
    images_at=NOW - timedelta(hours=5),
    missing=(Remark("there is no key pair tango", 1, ("c50-ta-Db",)),),
)


def seen(**scopes: ScopeCounts | None) -> StatusView:
    """Return a status of accounts with what was counted in each."""
    lines = (stands(name, ScopeState.OK, seen=one) for name, one in scopes.items())
    return replace(WHOLE, scopes=(CONFIG, *lines))


def test_what_runs_counted_is_shown_with_its_age() -> None:
    said = text(seen(a=COUNTED, b=replace(COUNTED, at=NOW, missing=(), images=())))

    assert "instances: 1,224 on, 4,776 off, 8 to be switched, 2 on their way (seen 2 h ago)" in said
    assert "Short       c50-ta-Api, c50-ta-Api: 2 of 6 in service" in said
    assert "Rollouts    c50-ta-Web, c50-ta-Web: protected against BULK_PATCH_AMI" in said
    assert (
        "Images      40: c50-ta-Web, c51-ta-Web, c52-ta-Web, …: web-1.4.3 is out (seen 5 h ago)"
        in said
    )
    assert "Missing     1 object waits for something   → envctl doctor" in said
    assert "1 object waits for what the account lacks   → envctl doctor a" in said
    assert "seen" not in text(seen(a=None)).partition("Scopes")[2].replace("unseen", "")


def test_many_things_said_of_rollouts_are_cut() -> None:
    many = tuple(Remark(f"text {n}", 1, ("c50-ta-Web",)) for n in range(7))

    said = text(seen(a=replace(COUNTED, rollouts=many)))

    assert "text 4" in said
    assert "text 5" not in said
    assert "and 2 more   → envctl plan" in said


def test_a_look_now_takes_the_place_of_what_was_counted() -> None:
    now = ScopeCounts(at=NOW, instances_on=600, instances_off=2400, to_switch=0)
    looked = {
        "a": LookedScope(state=ScopeState.OBSERVE, changes=2, seen=now),
        "b": LookedScope(state=ScopeState.UNKNOWN),
    }
    view = replace(seen(a=COUNTED, b=None), looked=looked)

    said = text(view)

    assert "instances: 600 on, 2,400 off" in said
    assert "Looked now  1 observe, 1 unknown; 2 to change" in said
    assert "web-1.4.3 is out (seen 5 h ago)" in said, "only a closer look tells of images"
    found = _shown(view)["scopes"][1]
    assert (found["seen"]["instancesOn"], found["look"]["changes"]) == (600, 2)


def test_copies_are_told_of_where_they_are_on() -> None:
    complete = ScopeCounts(at=NOW - timedelta(minutes=2), copies_behind=0)
    complete = replace(complete, complete_at=complete.at)
    late = ScopeCounts(
        at=NOW,
        copies_behind=3,
        behind_since=NOW - timedelta(hours=1),
        complete_at=NOW - timedelta(hours=2),
    )
    view = replace(seen(a=complete, b=late, c=None), replicas=True)

    said = text(view)

    assert "Replicas    complete in 1 of 3 scopes (seen 2 min ago)" in said
    assert "b: 3 copies differ, the oldest since Tue 24 Nov 09:12 UTC" in said
    assert "not seen in c" in said
    assert [
        (one["copiesBehind"], one["behindSince"], one["lagSeconds"])
        for one in _shown(view)["replicas"]
    ] == [(0, None, 120), (3, "2026-11-24T09:12:00.000Z", 7200), (None, None, None)]
    assert _shown(seen(a=complete))["replicas"] is None, "replicas are off"


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (stands("a", ScopeState.OK, changes=1), "1 change is left"),
        (stands("a", ScopeState.OK, changes=3, blocked=1), "3 changes are left, 1 change is blocked"),
        (stands("a", ScopeState.REFUSED, reason=Reason("maxDeletes"), changes=2), "maxDeletes; 2 changes wait"),
        (replace(stands("a", ScopeState.OK), open_records=2), "2 announced and not ended: the next run settles it"),
        (replace(stands("a", ScopeState.OK), known=False), "no Account or EnvironmentType names it any more"),
        (ScopeLine(name="a", status=None), "nobody looked at it yet"),
        (replace(stands("a", ScopeState.OK), newer="version 2.0.0 wrote it"), "version 2.0.0 wrote it"),
        (stands("a", ScopeState.OK), ""),
    ],
)  # fmt: skip
def test_what_is_said_of_a_scope(scope: ScopeLine, said: str) -> None:
    assert what_of(scope) == said
    assert scope.in_order is (said == "")


@pytest.mark.parametrize(
    ("scope", "typed"),
    [
        (ScopeLine(name="config", status=None), "envctl plan"),
        (ScopeLine(name="a/r", status=None), "envctl doctor a/r"),
        (stands("a/r", ScopeState.WAITING), "envctl doctor a/r"),
        (stands("a/r", ScopeState.STALLED), "envctl plan --scope a/r"),
        (stands("config", ScopeState.STALLED), "envctl validate"),
        (stands("config", ScopeState.STALLED, changes=1), "envctl plan --scope config"),
        (replace(stands("a/r", ScopeState.OK), damaged="row lease"), "envctl doctor a/r"),
        (replace(stands("a/r", ScopeState.OK), newer="newer"), "envctl version"),
        (replace(stands("a/r", ScopeState.OK), known=False), ""),
        (stands("a/r", ScopeState.OK), ""),
    ],
)
def test_what_to_type_next(scope: ScopeLine, typed: str) -> None:
    assert next_step(scope) == typed


def test_a_storm_is_one_after_three_flips_that_still_count() -> None:
    ref, calm = ResourceRef("Group", "a/r/stormy"), ResourceRef("Group", "a/r/calm")
    flips = {ref: [NOW - timedelta(minutes=m) for m in (9, 6, 3)], calm: [NOW]}
    moments = {str(one): [int(at.timestamp() * 1000) for at in flips[one]] for one in flips}
    rows: dict[str, dict[str, Any]] = {
        "flips#a/r": {"Id": "flips#a/r", "Flips": moments},
        "head#a/r": {"Id": "head#a/r"},
    }

    assert storms_in(rows, NOW) == (StormView("a/r", ref, 3, NOW - timedelta(minutes=3) + WITHIN),)
    assert storms_in(rows, NOW + timedelta(minutes=22)) == ()


def test_alerts_and_sinks_that_fail_are_shown_with_what_to_type() -> None:
    key = AlertKey(AlertKind.GUARD_REFUSED, "config")
    alert = KnownAlert(Alert(key, "7 deletes", "envctl plan"), NOW - timedelta(minutes=5))
    sink = SinkHealth("webhook", 3, Reason("it is away", fix="call them"), NOW)
    view = replace(WHOLE, alerts=(alert,), failing_sinks=(sink,))

    text = plain(status_lines(view))

    assert "Alerts 1    guard-refused config: 7 deletes, since 5 min   → envctl plan" in text
    assert "Not told    webhook did not take it: it is away; next try " in text
    shown = _shown(view)
    assert shown["alerts"][0]["runbook"] == "docs/runbooks/guard-refused.md"
    assert shown["failingSinks"] == [
        {
            "sink": "webhook",
            "failures": 3,
            "because": "it is away\n  fix: call them",
            "retryAt": "2026-11-24T10:12:00.000Z",
        }
    ]


def test_programs_get_the_same() -> None:
    found = _shown(WHOLE)

    assert found["applied"] == {"revision": REVISION, "at": "2026-11-24T09:59:00.000Z"}
    assert [one["next"] for one in found["scopes"]] == [
        "",
        "",
        "envctl doctor sandbox-us/us-east-1",
        "envctl plan --scope staging-eu/eu-west-1",
    ]
    assert found["scopes"][0]["ledger"]["records"] == 1024
    assert found["scopes"][2]["reason"] == "AssumeRole denied\n  fix: trust the controller"
    assert [one.get("value") for one in found["overrides"]] == ["on", None]
    assert found["power"]["next"][0]["off"] == ["c48", "c49", "c50", "c51"]


def test_each_command_names_the_settings_that_were_named() -> None:
    key = AlertKey(AlertKind.GUARD_REFUSED, "config")
    told = Alert(key, "envctl plan → envctl plan", "envctl plan")
    answer = status_answer(replace(WHOLE, alerts=(KnownAlert(told, NOW),)), " --config a.yaml")
    text, fields = answer.text(), printed("status", answer.fields())

    assert "envctl plan → envctl plan, since 0 s   → envctl --config a.yaml plan\n" in text
    assert text.count("→ envctl --config a.yaml ") > 4
    assert text.count("→ envctl ") == 1 + text.count("→ envctl --config a.yaml ")
    assert fields["alerts"][0]["next"] == "envctl --config a.yaml plan"
    assert [one["next"] for one in fields["scopes"]] == [
        "",
        "",
        "envctl --config a.yaml doctor sandbox-us/us-east-1",
        "envctl --config a.yaml plan --scope staging-eu/eu-west-1",
    ]
