"""The policies of deploy/ allow each call that stories of the suite make, on what it was about, as it was tagged then; and no other.

The stories run in a test run of their own, which writes down what IAM is asked.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, Final

import pytest

from controller.aws.child_role import TEMPLATE
from tests.support.iam_policies import ACCOUNT, Call, Stack, allows, read_template
from tests.support.master_stack import (
    BACKUPS,
    CONFIGURATION,
    ENVCTL,
    LOOKS,
    ROOT,
    master_stack,
    may,
    policy,
)
from tests.unit.aws.test_master_role import BY_BOOTSTRAP, listed

pytestmark = pytest.mark.slow

STORIES: Final = (
    "test_groups_follow_their_documents.py",
    "test_topics_and_hooks_come_and_go.py",
    "test_scaling_schedules_never_have_a_gap.py::test_the_new_is_there_before_the_old_goes",
    "test_scaling_schedules_never_have_a_gap.py::test_they_go_when_the_role_has_none",
    "test_scaling_schedules_never_have_a_gap.py::test_those_of_the_old_product_are_replaced_when_taken_over",
    "test_what_no_field_owns_is_carried_over.py::test_of_a_template_that_is_taken_over_only_fields_of_ours_change",
    "test_a_changed_image_reaches_instances_bit_by_bit.py::test_a_version_is_made_and_two_of_three_groups_begin",
    "test_office_hours_end_and_begin.py::test_a_night_and_a_morning",
    "test_groups_that_do_not_obey_are_told.py::test_a_member_that_does_not_come_into_service_is_ended_for_another_where_its_role_says_so",
    "test_copies_in_the_accounts_follow_the_tables.py::test_a_change_in_the_master_follows_and_a_delete_too",
    "test_doctor_says_what_a_scope_lacks.py::test_instances_are_asked_about_without_switching_any",
    "test_doctor_says_what_an_installation_lacks.py::test_where_everything_is_as_it_should_be_nothing_lacks",
    "test_doctor_says_what_an_installation_lacks.py::test_settings_in_a_bucket_are_for_those_it_names_alone",
    "test_what_others_change_is_seen_and_healed.py::test_an_edit_in_the_console_is_recorded_and_healed",
    "test_snapshots_are_kept_in_two_regions.py",
    "test_a_bucket_is_a_source_like_any_other.py::test_from_the_settings_to_the_ledger",
    "test_others_are_told_of_changes_and_alerts.py::test_what_the_daemon_does_and_cannot_do_is_told_once",
    "test_many_daemons_do_everything_once.py::test_ticks_on_both_sides_of_a_minute_ask_once",
    "test_a_plan_is_made_from_the_last_look.py::test_a_daemon_follows_a_bucket_and_publishes_what_it_sees_in_another",
)
MASTER: Final = "123456789012"
"""The account of the stories that is not entered by a role."""
NAMED: Final = (
    (r"^arn:aws:s3:::acme-backups-away", "arn:aws:s3:::copies"),
    (r"^arn:aws:s3:::(acme-backups|backups)(?=/|$)", BACKUPS),
    (r"^arn:aws:s3:::configuration(?=/|$)", CONFIGURATION),
    (r"^arn:aws:s3:::b[0-9a-f]{12}/observed", f"{LOOKS}/observed"),
    (r"^arn:aws:s3:::b[0-9a-f]{12}", "arn:aws:s3:::fleet"),
    (r":sqs:(.*):[0-9a-f]{32}", r":sqs:\1:envctl"),
    (r":sns:(.*):envctl-alerts$", r":sns:\1:envctl-alarms"),
    (r":secret:(chat|tokens|sandbox)", r":secret:envctl/\1"),
)
"""What the stories call things, and what the stack does."""
SETTING_UP: Final = (
    (
        "s3:(CreateBucket|ListBucketVersions|DeleteObjectVersion)|sns:(CreateTopic|Subscribe)|sqs:CreateQueue",
        "",
    ),
    ("s3:PutObject", ":::fleet/"),
    ("s3:.*", ":::(no-such-bucket|open)(/|$)"),
    ("sqs:.*", ":heard-"),
)
"""What the stories make, what they put into the source, what is not there or not as it should be, and who hears what is published."""
NOBODYS: Final = ":000000000099:"
"""An account that a story asks in vain."""
OF_OTHERS: Final = ("ssm:",)
"""What a target of others asks for, whose rights are theirs to give."""
NOT_ASKED_IN_ACCOUNTS: Final = {
    "cloudtrail:LookupEvents": "a setting; the sandbox has no CloudTrail",
    "ec2:GetEbsDefaultKmsKeyId": "where volumes are encrypted by a key of one's own; the sandbox has none",
    "kms:CreateGrant": "AWS's own question beside a start, where a volume has such a key",
    "kms:ListGrants": "that key's grants",
}
NOT_ASKED_OF_UNMARKED: Final = {
    "autoscaling:DeleteLifecycleHook": "the group has a hook, and its role no delay",
    "autoscaling:DeleteNotificationConfiguration": "the group tells a topic, and its role names none",
    "autoscaling:PutNotificationConfiguration": "its role names a topic",
}
"""Of groups that are taken over: when. Stories ask it of groups with the mark."""
NOT_ASKED: Final = {
    "s3:AbortMultipartUpload *": "an upload in parts that failed",
    "s3:GetObjectTagging *:fleet/[*]": "a setting: who wrote an object of the source",
    "sqs:GetQueueUrl *:envctl.fifo": "a queue that settings name, and not by its address",
    "sqs:SendMessage *:envctl-dead.fifo": "what is given up, to the dead letters",
    "s3:ListBucket *:envctl-looks-*": "who may not list is told of a look that is not there as of one that is denied",
    "s3:GetObject *:envctl-looks-*": "a plan from the last looks, with the rights of the daemon",
    "s3:GetObject *:envctl-configuration-*": "settings, before there is an installation",
}
"""What is allowed, and asked for where no story of these comes: when. Each is called by a method that the source names, or is
asked beside one."""
MASTERS: Final = master_stack(TablePrefix="", CopyBucket="copies", SourceBucket="fleet")
UNMARKED: Final = {"UnmarkedGroups": "*-*-*"}
WITH_KEY: Final = {"KmsKeys": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"}
WITH_MARK: Final = {"autoscaling:ResourceTag/envctl:id": "ours"}


def child(**more: str) -> Stack:
    """Return the stack of an account, with the roles that the stories' instances have."""
    roles = (f"arn:aws:iam::{ACCOUNT}:role/role{team}*" for team in ("Tango", "Infra", "Nobody"))
    needed = {
        "MasterRoleArns": ENVCTL,
        "NoExternalId": "true",
        "InstanceRoleArns": ",".join(roles),
        "CopiesOfTables": "true",
    }
    return Stack(read_template(ROOT / "deploy" / TEMPLATE), {**needed, **more})


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Call]]:
    """Return what IAM was asked, with the account it was asked in, named as in the template."""
    file = tmp_path_factory.mktemp("recorded") / "calls.jsonl"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.support.recorded_calls", "-p", "no:cacheprovider"]  # fmt: skip
    told = subprocess.run(
        [*command, *(f"tests/scenarios/{story}" for story in STORIES)],
        cwd=ROOT, env={**os.environ, "RECORDED_CALLS": str(file)}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    # Whether a story ends well is told where it is a test; what it asked for counts here.
    assert told.returncode in {0, 1}, told.stdout[-4000:]
    return [as_named(json.loads(line)) for line in file.read_text().splitlines()]


def as_named(row: dict[str, Any]) -> tuple[str, Call]:
    resource = row["resource"].replace(f":{row['account']}:", f":{ACCOUNT}:")
    for pattern, name in NAMED:
        resource = re.sub(pattern, name, resource)
    return row["account"], Call(row["action"], resource, row["context"])


def in_accounts(recorded: list[tuple[str, Call]]) -> list[Call]:
    return [call for account, call in recorded if account != MASTER]


def in_master(recorded: list[tuple[str, Call]]) -> list[Call]:
    return [call for account, call in recorded if account == MASTER]


def unasked(statements: list[dict[str, Any]], calls: list[Call]) -> set[str]:
    """Return what is allowed and nothing asked for: an action, and the first thing that it may be done to."""
    return {
        f"{action} {listed(statement.get('Resource', '*'))[0]}"
        for statement in statements
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        if not any(allows([{**statement, "Action": action}], call) for call in calls)
    }


def test_what_stories_ask_for_in_accounts_is_allowed(recorded: list[tuple[str, Call]]) -> None:
    """Groups without the mark, which some stories begin with, by the parameter that is there for them."""
    statements = child(**UNMARKED).statements()
    calls = [
        call
        for call in in_accounts(recorded)
        if not call.action.startswith(OF_OTHERS) and NOBODYS not in call.resource
    ]

    assert len(calls) > 100
    assert [call for call in calls if not allows(statements, call)] == []


def test_what_stories_ask_for_in_the_master_account_is_allowed(
    recorded: list[tuple[str, Call]],
) -> None:
    calls = [call for call in in_master(recorded) if not sets_up(call)]

    assert len(calls) > 100
    assert [call for call in calls if not may(MASTERS, ENVCTL, call)] == []


def test_nothing_is_allowed_in_accounts_that_no_story_asks_for(
    recorded: list[tuple[str, Call]],
) -> None:
    calls = in_accounts(recorded)
    # Some stories begin with groups that have no mark yet: of those that have one they would ask the same.
    marked = [replace(call, context={**call.context, **WITH_MARK}) for call in calls]

    left = unasked(child(**WITH_KEY).statements(), [*calls, *marked])

    assert sorted(one.partition(" ")[0] for one in left) == sorted(NOT_ASKED_IN_ACCOUNTS)


def test_no_more_is_allowed_of_groups_without_the_mark(recorded: list[tuple[str, Call]]) -> None:
    statements = child().statements()
    of_unmarked = [one for one in child(**UNMARKED).statements() if one not in statements]
    calls = [call for call in in_accounts(recorded) if not allows(statements, call)]

    left = unasked(of_unmarked, calls)

    assert sorted(one.partition(" ")[0] for one in left) == sorted(NOT_ASKED_OF_UNMARKED)
    asked = {call.action for call in in_accounts(recorded)}
    assert set(NOT_ASKED_OF_UNMARKED) - asked == set()


def test_nothing_is_allowed_in_the_master_account_that_no_story_asks_for(
    recorded: list[tuple[str, Call]],
) -> None:
    masters = [one for name in ("Work", "Doctor", "Copies", "Source") for one in policy(MASTERS, name)]  # fmt: skip
    left = unasked(masters, in_master(recorded))
    assert [
        one for one in sorted(left) if not any(fnmatchcase(one, known) for known in NOT_ASKED)
    ] == []


def sets_up(call: Call) -> bool:
    """Tell whether a call makes what a story begins with, or plays another part in it, by clients as the controller makes them."""
    return call.action in BY_BOOTSTRAP or any(
        re.fullmatch(actions, call.action) and re.search(about, call.resource)
        for actions, about in SETTING_UP
    )
