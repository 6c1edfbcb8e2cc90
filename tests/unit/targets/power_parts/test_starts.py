"""Starts that AWS has no capacity for, shows late, or takes back."""

from collections.abc import Sequence

from controller.errors import AccessDenied, RefusedByAws
from controller.scheduling.schedule import State
from controller.targets.power_parts.drive import Drive, Pace
from controller.targets.power_parts.patience import Patience
from controller.targets.power_parts.rounds import Goals, Outcomes
from tests.support.in_memory_groups import InMemoryHands, StillClock

ON = State.ON


def drive(hands: InMemoryHands, goals: Goals, clock: StillClock | None = None) -> Outcomes:
    clock = clock or StillClock()
    return Drive(goals, hands, Pace(sleep=clock.sleep), Patience(clock.steady_s)).run()


def errors(outcomes: Outcomes) -> list[str]:
    return [str(one.error) for one in outcomes.instances.values() if one.error]


def two_types(large: int, micro: int) -> InMemoryHands:
    """Stopped instances of two types."""
    hands = InMemoryHands()
    hands.types = {f"m-{number}": "m5.large" for number in range(large)}
    hands.types |= {f"t-{number}": "t3.micro" for number in range(micro)}
    hands.states = dict.fromkeys(hands.types, "stopped")
    return hands


def test_no_capacity_is_tried_again_with_pauses_that_grow_and_is_shown() -> None:
    hands, clock = two_types(3, 3), StillClock()
    hands.capacity = {"m5.large": 0}

    def refuse(_call: str, _ids: Sequence[str]) -> None:
        hands.capacity["m5.large"] = 9 if clock.seconds > 30 else 0

    hands.refuse = refuse
    outcomes = drive(hands, Goals(dict.fromkeys(hands.states, ON)), clock)
    assert errors(outcomes) == []
    assert set(hands.states.values()) == {"running"}
    assert outcomes.instances["m-0"].message.startswith("after 4 tries: power: AWS has no m5.large")
    assert outcomes.instances["t-0"].message == ""
    assert 30 <= clock.seconds <= 120


def test_a_start_that_is_accepted_after_all_is_not_told_as_refused_when_time_is_up() -> None:
    hands, clock = two_types(3, 0), StillClock()
    hands.capacity, hands.settles = {"m5.large": 0}, False

    def refuse(_call: str, _ids: Sequence[str]) -> None:
        hands.capacity["m5.large"] = 9 if clock.seconds > 4 else 0

    hands.refuse = refuse
    pace = Pace(sleep=clock.sleep, within_s=12, since_s=0)
    goals = Goals(dict.fromkeys(hands.states, ON))
    outcomes = Drive(goals, hands, pace, Patience(clock.steady_s)).run()
    told = {(one.error, one.message) for one in outcomes.instances.values()}
    assert told == {(None, "asked for; still pending since moments ago")}


def test_what_never_works_is_given_up_and_told() -> None:
    hands = two_types(300, 200)
    hands.capacity = {"m5.large": 0}
    outcomes = drive(hands, Goals(dict.fromkeys(hands.states, ON)))
    told = "power: AWS has no m5.large in eu-west-1a now: 300 instances stay off (InsufficientInstanceCapacity)"
    assert {error.splitlines()[0] for error in errors(outcomes)} == {told}
    assert outcomes.instances["m-0"].message == "tried 5 times"
    assert all(state == "running" for name, state in hands.states.items() if name[0] == "t")
    # Four batches of the other type; six calls until one is not to be had, then one more for each try.
    assert hands.calls.count("start") == 4 + 6 + 4


def test_where_there_is_capacity_for_some_these_are_started() -> None:
    hands = two_types(300, 0)
    hands.capacity = {"m5.large": 130}
    outcomes = drive(hands, Goals(dict.fromkeys(hands.states, ON)))
    assert sum(state == "running" for state in hands.states.values()) == 130
    assert len(errors(outcomes)) == 170
    assert hands.calls.count("start") <= 20


def test_a_host_without_capacity_keeps_no_other_instance_of_its_type_off() -> None:
    hands = two_types(30, 0)
    hands.bound = {"m-0": "host h-1", "m-1": "host h-1"}
    hands.capacity = {"m5.large host h-1": 0}
    outcomes = drive(hands, Goals(dict.fromkeys(hands.states, ON)))
    assert [name for name, state in hands.states.items() if state == "stopped"] == ["m-0", "m-1"]
    told = "power: AWS has no m5.large in eu-west-1a (host h-1) now: 2 instances stay off (InsufficientInstanceCapacity)"
    assert {error.splitlines()[0] for error in errors(outcomes)} == {told}


def test_beyond_the_quota_of_the_account_few_requests_are_sent_and_it_is_told() -> None:
    hands = two_types(300, 0)

    def refuse(call: str, ids: Sequence[str]) -> None:
        running = sum(state != "stopped" for state in hands.states.values())
        if call == "start" and running + len(ids) > 130:
            raise RefusedByAws("AWS refused (none)", "VcpuLimitExceeded")

    hands.refuse = refuse
    outcomes = drive(hands, Goals(dict.fromkeys(hands.states, ON)))
    assert sum(state == "running" for state in hands.states.values()) == 130
    told = "power: the account's quota lets no more m5.large in eu-west-1a run: 170 instances stay off (VcpuLimitExceeded)"
    assert {error.splitlines()[0] for error in errors(outcomes)} == {told}
    assert hands.calls.count("start") <= 20


def denying(hands: InMemoryHands, denied: set[str]) -> None:
    """Deny what names one of these, as AWS does: the whole call, naming the first."""

    def refuse(_call: str, ids: Sequence[str]) -> None:
        if found := [name for name in ids if name in denied]:
            error = AccessDenied(f"access denied to start {found[0]}")
            error.instances = frozenset(found[:1])
            raise error

    hands.refuse = refuse


def test_an_instance_that_may_not_be_started_keeps_no_other_off() -> None:
    hands = two_types(40, 0)
    denying(hands, {"m-7", "m-30"})
    outcomes = drive(hands, Goals(dict.fromkeys(hands.states, ON)))
    assert [name for name, state in hands.states.items() if state == "stopped"] == ["m-7", "m-30"]
    assert errors(outcomes) == ["access denied to start m-7", "access denied to start m-30"]


def test_where_nothing_may_be_started_few_requests_find_out() -> None:
    hands = two_types(100, 0)
    denying(hands, set(hands.states))
    assert len(errors(drive(hands, Goals(dict.fromkeys(hands.states, ON))))) == 100
    assert hands.calls.count("start") <= 8


def test_starts_go_out_by_type_at_most_fifty_at_once() -> None:
    hands, sizes = two_types(120, 30), list[tuple[int, int]]()
    hands.refuse = lambda _call, ids: sizes.append((len({i[0] for i in ids}), len(ids)))
    assert errors(drive(hands, Goals(dict.fromkeys(hands.states, ON)))) == []
    assert sorted(sizes) == [(1, 20), (1, 30), (1, 50), (1, 50)]


def test_a_start_is_not_asked_for_again_while_looks_do_not_show_it_yet() -> None:
    hands, clock = two_types(3, 0), StillClock()
    hands.hidden_starts = 4
    assert errors(drive(hands, Goals(dict.fromkeys(hands.states, ON)), clock)) == []
    assert hands.calls == ["start"]
    assert set(hands.states.values()) == {"running"}


def test_a_start_that_is_taken_back_is_asked_for_three_times_and_told_with_its_reason() -> None:
    hands = two_types(3, 0)
    hands.falls_back = {"m-1"}
    outcomes = drive(hands, Goals(dict.fromkeys(hands.states, ON)))
    assert hands.calls == ["start"] * 3
    assert hands.states == {"m-0": "running", "m-1": "stopped", "m-2": "running"}
    assert errors(outcomes) == [str(outcomes.instances["m-1"].error)]
    error = outcomes.instances["m-1"].error
    assert error is not None
    assert error.message == (
        "m-1: AWS accepted its start and took it back: Client.InternalError: Client error on launch"
    )


def test_what_is_held_is_not_started_and_told() -> None:
    hands = two_types(2, 0)
    goals = Goals(dict.fromkeys(hands.states, ON), held={"m-0": "not before 09:00"})
    outcomes = drive(hands, goals)
    assert hands.states == {"m-0": "stopped", "m-1": "running"}
    assert [error.splitlines()[0] for error in errors(outcomes)] == ["m-0: not before 09:00"]


def requests_and_looks(out: str = "") -> tuple[int, int]:
    """Start 3000 instances of four types, one of which may be out; return the instances that run, and what was asked for."""
    hands = InMemoryHands()
    hands.types = {f"i-{number}": f"m{number % 4}.large" for number in range(3000)}
    hands.states = dict.fromkeys(hands.types, "stopped")
    hands.capacity = {out: 0} if out else {}
    drive(hands, Goals(dict.fromkeys(hands.states, ON)))
    running = sum(state == "running" for state in hands.states.values())
    return running, len(hands.calls) + hands.looks


def test_a_type_that_is_out_costs_few_requests_and_keeps_no_other_off() -> None:
    all_there, usual = requests_and_looks()
    rest, with_one_out = requests_and_looks("m2.large")
    assert (all_there, rest) == (3000, 2250)
    # Sixty batches of fifty; a whole look, and two at those that do not run yet: pending, then none.
    assert usual <= 60 + 4
    assert with_one_out <= 1.3 * usual
