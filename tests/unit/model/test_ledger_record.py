"""Who asks for a run is who applies it, until it is known whose doing each change is."""

from controller.model.ledger_record import Requester


def test_who_asks_applies_on_the_machine_they_sit_at() -> None:
    actor = Requester("ada", "apply", "ada@laptop").as_applier("9f1e0aa", "carl")

    assert (actor.applied_by, actor.trigger, actor.host) == ("ada", "apply", "ada@laptop")
    assert (actor.author, actor.commit) == ("carl", "9f1e0aa")
