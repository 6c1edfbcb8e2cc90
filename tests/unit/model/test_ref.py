"""Reasons are text that people read, of which lists show the beginning."""

from controller.model.ref import Reason


def test_a_reason_is_cut_to_so_many_lines() -> None:
    reason = Reason("the table is gone", detail="it was deleted", fix="restore it")
    assert reason == "the table is gone\nit was deleted\n  fix: restore it"
    assert reason.cut(2) == "the table is gone\nit was deleted"
    assert Reason.stored(str(reason)).below == reason.below
