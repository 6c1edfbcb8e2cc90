"""Reasons are text that people read, of which lists show the beginning."""

from controller.model.ref import Reason


def test_a_reason_is_cut_to_so_many_lines() -> None:
    reason = Reason("the table is gone", detail="it was deleted", fix="restore it")
    assert reason == "the table is gone\nit was deleted\n  fix: restore it"
    assert reason.cut(2) == "the table is gone\nit was deleted"
    assert Reason.stored(str(reason)).below == reason.below


def test_only_what_to_do_is_told_otherwise() -> None:
    reason = Reason("plan it", detail="git: plan it", fix="plan it\nthen plan it")
    told = reason.with_fix(lambda fix: fix.replace("plan", "envctl plan"))

    assert (told.message, told.cut(2)) == ("plan it", "plan it\ngit: plan it")
    assert told.below == "git: plan it\n  fix: envctl plan it\nthen envctl plan it"
    assert Reason("plan it").with_fix(str.upper) == "plan it"
