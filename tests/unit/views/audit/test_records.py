"""The ledger in words: one line a record, one line a transaction, every field of one change, and what is wrong."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from controller.engine.queries.audit import Asked
from controller.ledger.chain import Finding, FindingKind, Verification, VerificationReport
from controller.ledger.queries import Page
from controller.ledger.records import EntityKey
from controller.ledger.summaries import NOBODY, RecordSummary, summary_of
from controller.model.ledger_record import LedgerRecord
from controller.views.audit.maintenance import verification_lines
from controller.views.audit.records import (
    audit_answer,
    list_lines,
    record_lines,
    record_time_text,
    transaction_lines,
)
from controller.views.documents.audit import list_json, record_json, verification_json
from tests.support.documents import printed
from tests.unit.ledger.ledgers import image, records_of, write

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RECORDS = records_of(
    [
        [write("a", None, image("a", 1, BluePort=40000)), write("b", None, image("b", 1))],
        [write("a", image("a", 1, BluePort=40000), image("a", 2, BluePort=40001))],
        [write("b", image("b", 1), None, cause="pruned", origin="")],
    ]
)
NEWEST_FIRST = [summary_of(record) for record in reversed(RECORDS)]
LEGACY = RecordSummary(
    "e1", "2026-11-24T09:00:00.000Z", "", "", EntityKey("ConfigEnvironments", "c50"),
    None, "Updated", "", "", "", "", 0, NOBODY,
)  # fmt: skip


@pytest.mark.parametrize(
    ("actor", "people", "remarks"),
    [
        ("ada", ["Ada <ada@a.example>"], []),
        (
            "ada",
            ["Nada <nada@a.example>", "Ada <ada@a.example>"],
            ["2 people are called 'ada': Ada <ada@a.example>, Nada <nada@a.example>"],
        ),
        (
            "eve",
            [],
            ["nobody is called 'eve' here: --actor takes WHO as the list shows it, or a part"],
        ),
    ],
)
def test_whom_a_part_of_a_name_means_is_said(
    actor: str, people: list[str], remarks: list[str]
) -> None:
    lines = [replace(LEGACY, changed_by=name) for name in people]
    asked = Asked(actor=actor, now=NOW)
    answer = audit_answer(asked, Page(tuple(lines), None), records=True, first=True)
    assert list(answer.remarks) == remarks


def test_where_the_overrides_of_an_object_are_is_said() -> None:
    asked = Asked(entity="Service/Search", now=NOW)
    answer = audit_answer(asked, Page((LEGACY,), None), records=True, first=True)
    assert answer.remarks == ("without its overrides: --name Search lists those, too",)


def test_a_list_has_one_line_a_record() -> None:
    assert list_lines(NEWEST_FIRST) == [
        "WHEN (UTC)                WHO              WHAT                             CAUSE   ORIGIN          COMMIT   TRANSACTION",
        "Tue 24 Nov 2026 10:03:00  ada@example.com  deleted t-InfraConfigServices/b  pruned  -               9f1e0aa  run-3",
        "Tue 24 Nov 2026 10:02:00  ada@example.com  updated t-InfraConfigServices/a  edited  fleet/a.yaml:3  9f1e0aa  run-2",
        "Tue 24 Nov 2026 10:01:00  ada@example.com  created t-InfraConfigServices/b  edited  fleet/b.yaml:3  9f1e0aa  run-1",
        "Tue 24 Nov 2026 10:01:00  ada@example.com  created t-InfraConfigServices/a  edited  fleet/a.yaml:3  9f1e0aa  run-1",
    ]


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("lines_of", [list_lines, transaction_lines])
def test_a_list_fits_the_terminal_and_keeps_what_show_takes(lines_of: Any, width: int) -> None:
    transaction = "01M8JQJXTVRJD4WRXSFZ4ZRW05"
    records = [replace(one, transaction_id=transaction) for one in (*NEWEST_FIRST, LEGACY)]

    lines = lines_of(records, width)

    assert max(map(len, lines)) <= width
    assert all(line.endswith(transaction) for line in lines[1:])
    assert lines[-1].startswith("24 Nov ")


def test_what_is_no_moment_is_shown_as_it_is_in_a_narrow_line() -> None:
    assert list_lines([replace(LEGACY, iso_timestamp="once")], 80)[1].startswith("once ")


def test_a_list_by_transaction_counts_what_each_did() -> None:
    lines = transaction_lines(NEWEST_FIRST)
    assert len(lines) == 4
    assert lines[1].split("  ")[2] == "deleted t-InfraConfigServices/b"
    assert "2 created in t-InfraConfigServices" in lines[3]
    assert "2 places" in lines[3]


def test_an_apply_of_several_names_none_of_them_alone() -> None:
    one = NEWEST_FIRST[-1]
    bobs = replace(one.actor, author="bob@example.com", commit="c0ffee0")
    _, line = transaction_lines([one, replace(one, actor=bobs, cause="drifted")])
    assert "2 people" in line
    assert "drifted, edited" in line
    assert "2 commits" in line


@pytest.mark.parametrize(
    ("revision", "whole", "fitted"),
    [
        ("3f9c1a77d0e2b415", "3f9c1a7", "3f9c1a7"),
        ("snapshot:20261128T020000Z-0fa91c", "snapshot:20261128T020000Z-0fa91c", "20261128T020000Z"),
        ("items:services", "items:services", "services"),
        ("ledger:01M8JQJXTVRJD4WRXSFZ4ZRW05", "ledger:01M8JQJXTVRJD4WRXSFZ4ZRW05", "01M8JQJXTVRJD4WR"),
    ],
)  # fmt: skip
def test_what_was_put_back_is_named_as_the_next_question_takes_it(
    revision: str, whole: str, fitted: str
) -> None:
    one = NEWEST_FIRST[0]
    record = replace(one, actor=replace(one.actor, commit=revision), origin="fleet/" * 20)

    for width, shown in ((None, whole), (130, fitted)):
        headings, line = list_lines([record], width)
        assert line[headings.index("COMMIT") :].split()[0] == shown


def test_a_change_counts_once_whether_it_was_intended_or_made() -> None:
    a, b = (replace(NEWEST_FIRST[-1], entity=EntityKey("Group", name)) for name in "ab")
    made = [replace(one, phase=phase) for phase in ("succeeded", "intended") for one in (a, b)]

    assert "  2 created in Group  " in transaction_lines(made)[1]
    assert "  2 created in Group  " in transaction_lines(made[1:])[1], "one is not known to be made"
    assert "  created Group/a (succeeded)  " in transaction_lines([made[0], made[2]])[1]


def test_what_a_page_cuts_is_counted_as_at_least_so_many() -> None:
    page = Page(tuple(NEWEST_FIRST), "TOKEN")
    asked = Asked(since=NOW, now=NOW)

    first, last = (
        audit_answer(asked, found, records=False, first=found is page).text().splitlines()
        for found in (page, replace(page, next_token=None))
    )

    assert "at least 2 created in" in first[3]
    assert not any("at least" in line for line in first[:3])
    assert "at least 1 deleted in" in last[1]
    assert not any("at least" in line for line in last[2:])


def test_records_of_no_transaction_are_lines_of_their_own() -> None:
    assert len(transaction_lines([LEGACY, LEGACY])) == 3


def test_an_empty_answer_says_so() -> None:
    assert list_lines([]) == transaction_lines([]) == ["No records."]


def test_what_others_wrote_and_what_is_not_done_yet_is_told() -> None:
    waiting = replace(NEWEST_FIRST[0], phase="intended")
    _, legacy, intended = list_lines([LEGACY, waiting])
    assert "unknown          updated ConfigEnvironments/c50" in legacy
    assert "deleted t-InfraConfigServices/b (intended)" in intended


@pytest.mark.parametrize(
    ("stamp", "text"),
    [
        ("2026-11-24T19:00:22.123Z", "Tue 24 Nov 2026 19:00:22 UTC"),
        ("2026-07-01T01:00:00+02:00", "Tue 30 Jun 2026 23:00:00 UTC"),
        ("long ago", "long ago"),
        ("", ""),
    ],
)
def test_moments_are_in_utc_and_say_so(stamp: str, text: str) -> None:
    assert record_time_text(stamp) == text


def test_a_record_answers_who_what_when_why_which_commit_and_which_line() -> None:
    assert record_lines(RECORDS[2]) == [
        "t-InfraConfigServices/a updated, version 2",
        "  When         Tue 24 Nov 2026 10:02:00 UTC",
        "  Who          ada@example.com",
        "  Applied by   envctl (cli)",
        "  Cause        edited",
        "  Origin       fleet/a.yaml:3",
        "  Commit       9f1e0aa41c2d",
        "  Transaction  run-2",
        "  Plan         7c41e9",
        "  Record       #3 of config, done",
        f"  Audit id     {RECORDS[2].audit_id}",
        "  Fields",
        "    Managed.Extra.metadata.labels.v  1 → 2",
        "    Value.BluePort  40000 → 40001",
    ]


def changed(before: dict[str, Any], after: dict[str, Any]) -> LedgerRecord:
    return replace(RECORDS[2], old_value=before, new_value=after, old_meta={}, new_meta={})


def test_values_of_every_type_can_be_shown() -> None:
    record = changed(
        {
            "Tags": frozenset({"b", "a"}),
            "Blob": b"\x00",
            "Big": 2**70,
            "D": Decimal("0.10000000000000000001"),
            "Gone": None,
            "Long": "",
        },
        {"Tags": frozenset({3, 20}), "Blob": b"\x01", "Big": 1, "D": 0.5, "Long": "x" * 200},
    )
    shown = "\n".join(record_lines(record))
    assert 'Tags  ["a","b"] → [3,20]' in shown
    assert 'Blob  "AA==" → "AQ=="' in shown
    assert "Gone  null → (absent)" in shown
    assert f'Long  "" → {"x" * 99}…' in shown
    fields = json.loads(json.dumps(record_json(record)))["fields"]
    assert {"path": "D", "before": "0.10000000000000000001", "after": 0.5} in fields
    assert {"path": "Gone", "before": None} in fields
    assert {"path": "Big", "before": str(2**70), "after": 1} in fields


def test_sensitive_values_are_told_apart_and_not_shown() -> None:
    one, other = ({"Digest": f"sha256:{digit * 64}"} for digit in "ab")
    record = changed({"Keys": [{"K": one}]}, {"Keys": [{"K": other}]})
    assert record_lines(record)[-1] == (
        "    Keys.0.K  (sensitive sha256:aaaaaaaaaaaa) → (sensitive sha256:bbbbbbbbbbbb)"
    )


def test_a_record_without_a_difference_says_so() -> None:
    assert record_lines(changed({"A": 1}, {"A": 1}))[-1] == "  No field differs"


def test_a_whole_item_is_one_field() -> None:
    assert record_lines(RECORDS[3])[-1].startswith('    (item)  {"Managed.Extra":')
    assert record_json(RECORDS[3])["fields"][0]["path"] == ""


def test_lists_are_stable_json() -> None:
    found = list_json(NEWEST_FIRST[:1], "token")
    printed("audit-list", found)
    assert found == {
        "next": "token",
        "records": [
            {
                "auditId": RECORDS[3].audit_id,
                "at": "2026-11-24T10:03:00.000Z",
                "transaction": "run-3",
                "changedBy": "envctl",
                "author": "ada@example.com",
                "commit": "9f1e0aa41c2d",
                "appliedBy": "envctl",
                "trigger": "cli",
                "principal": "",
                "role": "",
                "subject": "",
                "mergedBy": "",
                "pullRequest": "",
                "host": "",
                "approvals": [],
                "table": "t-InfraConfigServices",
                "key": "b",
                "range": None,
                "version": None,
                "changeType": "Deleted",
                "cause": "pruned",
                "phase": "done",
                "origin": "",
                "scope": "config",
                "sequence": 4,
            }
        ],
    }


GAP = Finding(3, 5, FindingKind.GAP, "config", "records #3 to #5 are missing (3)", "restore them")
OUTSIDE = Finding(2, 2, FindingKind.CHANGED_OUTSIDE, "T/a", "it is not as #2 left it", "plan")
OVERCOME = Finding(2, 2, FindingKind.OVERCOME, "T/a", "changed between #1 and #2", "nothing")
INTACT = Verification("config", 1200, 1200, "9f1e0aa41c2dffff", ())


def test_a_verification_without_findings_is_a_line_a_scope() -> None:
    empty = Verification("012345670123/eu-west-1", 0, 0, "", ())
    assert verification_lines(VerificationReport((INTACT, empty))) == [
        "config                  1,200 records, intact, up to #1,200 9f1e0aa41c2d",
        "012345670123/eu-west-1  0 records, intact",
    ]


def test_streams_without_a_record_are_one_line() -> None:
    silent = [Verification(f"stream/Table{n}", 0, 0, "", ()) for n in range(3)]
    seen = Verification("stream/InfraConfigServices", 1, 1, "3f09bb51", ())
    forged = replace(silent[2], findings=(GAP,))

    assert verification_lines(VerificationReport((INTACT, *silent, seen))) == [
        "config                      1,200 records, intact, up to #1,200 9f1e0aa41c2d",
        "stream/InfraConfigServices  1 record, intact, up to #1 3f09bb51",
        "streams of 3 tables         no record, intact",
    ]
    assert verification_lines(VerificationReport((*silent[:1], forged))) == [
        "stream/Table2       0 records, 1 finding",
        "  gap: records #3 to #5 are missing (3)",
        "    fix: restore them",
        "streams of 1 table  no record, intact",
    ]


def test_findings_say_what_and_what_to_do() -> None:
    broken = replace(INTACT, findings=(GAP,), more=2)
    report = VerificationReport((broken,), (OUTSIDE,))
    assert verification_lines(report) == [
        "config  1,200 records, 3 findings",
        "  gap: records #3 to #5 are missing (3)",
        "    fix: restore them",
        "  … and 2 more",
        "tables against the ledger: 1 item differs",
        "  changed outside: T/a: it is not as #2 left it",
        "    fix: plan",
    ]
    found = printed("audit-verify", verification_json(report))
    assert found["intact"] is False
    assert found["scopes"][0]["findings"][0]["lastSequence"] == 5
    assert found["tables"][0]["where"] == "T/a"


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        ((), "tables against the ledger: as it says"),
        ((OVERCOME,), "tables against the ledger: as it says"),
        ((OUTSIDE, OUTSIDE), "tables against the ledger: 2 items differ"),
    ],
)
def test_the_tables_are_counted(tables: tuple[Finding, ...], line: str) -> None:
    assert line in verification_lines(VerificationReport((INTACT,), tables))
    assert verification_json(VerificationReport((INTACT,)))["tables"] is None


def test_what_ended_in_an_account_says_where_by_which_request_and_why() -> None:
    failed = replace(
        RECORDS[0],
        phase="failed",
        account="012345670123",
        request_id="1a2b",
        new_meta={"Message": "AWS refused it\n  fix: mend it"},
    )
    shown = "\n".join(record_lines(failed))
    assert (
        "  Account      012345670123\n  AWS request  1a2b\n  Message      AWS refused it\n" in shown
    )
    found = record_json(failed)
    assert isinstance(found, dict)
    assert (found["account"], found["requestId"]) == ("012345670123", "1a2b")
    assert found["message"] == "AWS refused it\n  fix: mend it"
    assert "Account" not in "\n".join(record_lines(RECORDS[0]))
