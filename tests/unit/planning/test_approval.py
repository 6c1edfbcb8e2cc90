"""An approval is for exactly the changes it was given for."""

from dataclasses import replace
from typing import Any

import pytest

from controller.model.plan import APPROVAL_DIGITS, Violation
from controller.model.ref import Origin
from controller.planning.guards import approve, is_too_short, overrides_in, unused_tokens
from tests.unit.planning.guarded import (
    MAPS,
    PROTECTED,
    gone,
    judge,
)
from tests.unit.planning.worlds import change, found


def nine_of_nine(**more: Any) -> Violation:
    (violation,) = judge(MAPS, gone(MAPS, **more))
    return violation


def test_an_approval_holds_for_exactly_the_changes_it_was_given_for() -> None:
    violation = nine_of_nine()
    (other,) = judge(MAPS, gone(MAPS[:8]))

    assert approve((violation,), (violation.token,))[0].overridden
    assert not approve((other,), (violation.token,))[0].overridden
    assert unused_tokens((other,), (violation.token,)) == (violation.token,)
    assert unused_tokens((violation,), (violation.token,)) == ()


def test_an_approval_does_not_hold_when_the_state_it_was_planned_from_has_changed() -> None:
    assert nine_of_nine().token != nine_of_nine(base=b'{"version":2}').token


def test_an_approval_holds_after_a_squash_merge() -> None:
    moved = [replace(one, origin=Origin("elsewhere.yaml", 9)) for one in gone(MAPS)]
    (violation,) = judge(MAPS, moved[::-1])

    message = f"Merge (#12)\n\n* drop maps\n\n  Envctl-Override: {nine_of_nine().token}\n"

    assert approve((violation,), overrides_in(message))[0].overridden


def test_what_is_protected_cannot_be_approved() -> None:
    (violation,) = judge([found("Service/a", extra=PROTECTED)], [change("Service/a", "delete")])

    assert not approve((violation,), (violation.token,))[0].overridden


@pytest.mark.parametrize(("digits", "approves"), [(5, False), (APPROVAL_DIGITS, True), (64, True)])
def test_an_approval_has_enough_digits_to_mean_one_violation(digits: int, approves: bool) -> None:
    violation = nine_of_nine()
    token = f"{violation.guard}@{violation.digest[:digits]}"

    assert approve((violation,), (token,))[0].overridden is approves
    assert is_too_short(token) is not approves
    assert overrides_in(f"Envctl-Override: {token}") == (token,), "what is too short is told"
    assert unused_tokens((violation,), (token,)) == (() if approves else (token,))
