"""Edits that need somebody's word however few they are: those of scopes that the settings name, and those of a source that went back."""

import pytest

from controller.model.plan import Approval, Cause
from controller.planning.approvals import approve
from controller.planning.edits import OF_NO_EDIT
from controller.planning.guards import GuardSettings
from tests.unit.planning.guarded import TEN, judge, new, touched
from tests.unit.planning.worlds import scope_of

NAMED = GuardSettings(approval_for=("config",))
OLD = "0123456789" * 4


@pytest.mark.parametrize("pattern", ["config", "conf*", "*"])
def test_one_edit_of_a_scope_that_is_named_waits(pattern: str) -> None:
    limits = GuardSettings(approval_for=("111111111111/*", pattern))

    (violation,) = judge(TEN, touched(TEN[:1], Cause.EDITED), limits=limits)

    assert violation.guard == "approvalRequired"
    assert violation.message == "1 edit of config waits for an approval (approvalFor)"
    assert violation.counted == (TEN[0].ref,)
    assert violation.overridable


def test_what_is_edited_elsewhere_does_not_wait() -> None:
    limits = GuardSettings(approval_for=("111111111111/*",))

    assert judge(TEN, new(2), limits=limits) == ()
    elsewhere = scope_of(*TEN, scope="111111111111/eu-west-1")
    (violation,) = judge(TEN, new(2), elsewhere, limits=limits)
    assert violation.message.startswith("2 edits of 111111111111/eu-west-1 wait for")


@pytest.mark.parametrize("cause", sorted(OF_NO_EDIT))
def test_what_nobody_edited_waits_for_nobody(cause: Cause) -> None:
    assert judge(TEN, touched(TEN[:1], cause), limits=NAMED, leaves=OLD) == ()


def test_an_approval_is_of_exactly_these_edits() -> None:
    (asked,) = judge(TEN, touched(TEN[:2], Cause.EDITED), limits=NAMED)
    (others,) = judge(TEN, touched(TEN[:3], Cause.EDITED), limits=NAMED)
    given = [Approval(asked.token, "ada")]

    assert [one.overridden for one in approve((asked, others), given)] == [True, False]


def test_edits_of_a_source_that_went_back_wait() -> None:
    (violation,) = judge(TEN, touched(TEN[:1], Cause.EDITED), leaves=OLD)

    assert violation.guard == "sourceRewound"
    assert violation.message == "the history of the source does not have 0123456, which is applied"
    assert violation.overridable
    assert judge(TEN, touched(TEN[:1], Cause.EDITED)) == ()
