"""Where the rules laid over moto are kept: what is checked before a call, what follows it, what replaces moto's answer."""

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from moto.core.responses import ActionResult

from controller.sandbox.call import Call

type_of_check = Callable[[Call], None]
type_of_answer = Callable[[Call], ActionResult]


class Rules(NamedTuple):
    """The rules of one operation, in the order they were registered."""

    before: list[type_of_check]
    after: list[type_of_check]
    answers: list[type_of_answer]
    """At most one: what answers in moto's place."""


_RULES: defaultdict[tuple[str, str], Rules] = defaultdict(lambda: Rules([], [], []))
_NONE = Rules([], [], [])


def before(service: str, *operations: str) -> Callable[[type_of_check], type_of_check]:
    """Let a function see a call before moto does; it may raise Refused or complete the parameters."""

    def register(check: type_of_check) -> type_of_check:
        for operation in operations:
            _RULES[service, operation].before.append(check)
        return check

    return register


def after(service: str, *operations: str) -> Callable[[type_of_check], type_of_check]:
    """Let a function act after moto has done what was called, unless moto refused it."""

    def register(effect: type_of_check) -> type_of_check:
        for operation in operations:
            _RULES[service, operation].after.append(effect)
        return effect

    return register


def answers(service: str, *operations: str) -> Callable[[type_of_answer], type_of_answer]:
    """Let a function answer an operation in moto's place."""

    def register(answer: type_of_answer) -> type_of_answer:
        for operation in operations:
            _RULES[service, operation].answers.append(answer)
        return answer

    return register


def rules_of(call: Call) -> Rules:
    """Return the rules of a call's operation."""
    return _RULES.get((call.service, call.operation), _NONE)
